// SPDX-License-Identifier: MIT
import { pathToFileURL } from 'node:url';
import type { Diagnostic, SourceFile, Transformer, TransformerFactory } from 'typescript';
import { JobError, type Problem } from '../model/errors.js';
import type { GeneratorOptions } from './generators/generator.js';

type TypeScript = typeof import('typescript');

/** Whether a job matrix is a program that makes one, by its name. */
export function isGeneratorFile(file: string): boolean {
  return file.endsWith('.job.ts');
}

/**
 * Runs the generator of a `*.job.ts` file and gives what it made, not checked yet. Types are taken
 * off, not checked. Throws JobError for a syntax error, no default export, and what it threw.
 */
export async function runGenerator(
  file: string,
  text: string,
  options: GeneratorOptions,
): Promise<unknown> {
  try {
    const code = await compile(file, text);
    const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
    const module = (await import(url)) as { readonly default?: unknown };
    if (typeof module.default !== 'function') {
      const hint = 'write: export default function (options) { return { name: ... }; }';
      throw new JobError([{ message: `${file}: no generator is exported by default`, hint }]);
    }
    const made = await (module.default as (o: GeneratorOptions) => unknown)(options);
    // As if it had come from a file: no functions, no undefined, no shared objects that change later.
    return JSON.parse(JSON.stringify(made) ?? 'null') as unknown;
  } catch (error) {
    if (error instanceof JobError) throw error;
    throw new JobError([{ message: `${file}: ${(error as Error).message ?? String(error)}` }]);
  }
}

async function compile(file: string, text: string): Promise<string> {
  // Half a second and 9 MB that no YAML file needs.
  const ts = (await import('typescript')).default;
  const { outputText, diagnostics = [] } = ts.transpileModule(text, {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    transformers: { after: [absoluteImports(ts, file)] },
  });
  if (diagnostics.length > 0) {
    throw new JobError(diagnostics.map((one) => problemOf(ts, file, text, one)));
  }
  return outputText;
}

function problemOf(ts: TypeScript, file: string, text: string, one: Diagnostic): Problem {
  const before = text.slice(0, one.start ?? 0).split('\n');
  const excerpt = text.split('\n')[before.length - 1] ?? '';
  return {
    message: ts.flattenDiagnosticMessageText(one.messageText, ' '),
    at: { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
    excerpt,
  };
}

// The compiled text has no place of its own that a relative path or a package's name could start from.
function absoluteImports(ts: TypeScript, file: string): TransformerFactory<SourceFile> {
  const absolute = (name: string): string =>
    /^\.\.?\//.test(name)
      ? new URL(name, pathToFileURL(file)).href
      : name.startsWith('node:')
        ? name
        : import.meta.resolve(name);
  return (context): Transformer<SourceFile> =>
    (source) => {
      const statements = source.statements.map((statement) => {
        if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) {
          return statement;
        }
        const { modifiers, importClause, moduleSpecifier, attributes } = statement;
        const target = context.factory.createStringLiteral(absolute(moduleSpecifier.text));
        return context.factory.updateImportDeclaration(
          statement,
          modifiers,
          importClause,
          target,
          attributes,
        );
      });
      return context.factory.updateSourceFile(source, statements);
    };
}
