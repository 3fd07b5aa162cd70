// SPDX-License-Identifier: MIT
import { allCommands, shortly, type CommandWords, type OptionWords } from './grammar.js';
import type { Value } from './values.js';
import { kernelEndings, matrixEndings, packages, seriesEndings, sources } from './words.js';

/** One word of the shell. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
/** Text inside of a specification, where brackets, colons and backslashes have a meaning. */
const plain = (text: string): string => text.replace(/[[\]:\\]/g, '\\$&');

const functionOf = (path: string): string =>
  `_busyguest${path === '' ? '' : `__${path}`}`.replaceAll(/[ -]/g, '_');

const actionOf = ({ kind, words }: Value): string =>
  words.length > 0 ? `(${words.join(' ')})` : kind === 'text' ? ' ' : `_busyguest_${kind}`;

function optionSpecs({ short, long, description, value, repeats }: OptionWords): readonly string[] {
  const again = repeats ? '*' : '';
  const text = `[${plain(description)}]`;
  const ends = long === '--help' || long === '--version' ? '(- *)' : '';
  const takes = value === undefined ? '' : `:${value.kind}:${actionOf(value)}`;
  const equals = value === undefined ? '' : '=';
  return [
    quote(`${ends}${again}${long}${equals}${text}${takes}`),
    ...(short === undefined ? [] : [quote(`${ends}${again}${short}${text}${takes}`)]),
  ];
}

function commandFunction(command: CommandWords): string {
  const { path, options, values, more, commands } = command;
  const specs = options.flatMap(optionSpecs);
  const name = functionOf(path);
  const lines = (list: readonly string[]): string => list.map((one) => ` \\\n    ${one}`).join('');
  if (commands.length === 0) {
    const positions = values.map((value, at) => {
      const place = more && at === values.length - 1 ? '*' : `${at + 1}`;
      return quote(`${place}:${value.kind}:${actionOf(value)}`);
    });
    return `${name}() {
  typeset -A opt_args
  _arguments -S${lines([...specs, ...positions])}
}
`;
  }
  const own = commands.map((one) => ({ ...one, word: one.path.split(' ').at(-1) ?? '' }));
  const list = own.map(({ word, description }) =>
    quote(`${word}:${shortly(description).replaceAll(':', '\\:')}`),
  );
  return `${name}() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands=(${lines(list)}
  )
  _arguments -C -S${lines([...specs, quote('(-): :->command'), quote('(-)*:: :->rest')])} && return
  case $state in
    command) _describe command commands ;;
    rest)
      case $words[1] in
${own.map(({ word, path: whole }) => `        ${word}) ${functionOf(whole)} ;;`).join('\n')}
      esac ;;
  esac
}
`;
}

/** The completion script for zsh: a file of $fpath, or to be sourced. @param formats names of `--report` */
export function zshCompletion(root: CommandWords, formats: readonly string[]): string {
  const report = formats.map((name) => quote(`${name}:file:_files`)).join(' ');
  return `#compdef busyguest
# zsh completion for busyguest, as "busyguest completion zsh" prints it.

${valuesScript}
_busyguest_reports() { _values -s , report ${report} }

${allCommands(root).map(commandFunction).join('\n')}
if [[ $funcstack[1] == _busyguest ]]; then
  _busyguest "$@"
else
  compdef _busyguest busyguest
fi
`;
}

const filesEnding = (endings: readonly string[]): string =>
  `_files -g "*(${endings.join('|')})(-.)"`;
const named = (list: readonly string[]): string => `(${list.map(plain).join(' ')})`;

// What is offered for each kind of value. An option's value in opt_args has its colons escaped.
const valuesScript = `_busyguest_file() { _files "$@" }
_busyguest_folder() { _files -/ }
_busyguest_bundle() { ${filesEnding(['.tar.zst'])} }
_busyguest_series() { ${filesEnding(seriesEndings)} }
_busyguest_kernel() {
  _alternative ${quote(`files:kernel:${filesEnding(kernelEndings)}`)} ${quote(`names:package:${named(packages)}`)}
}
_busyguest_matrices() {
  local -a names=(\${\${(f)"$(_call_program matrices busyguest complete matrices)"}/$'\\t'/:})
  _describe 'job matrix that ships' names
}
_busyguest_shipped() { _busyguest_matrices }
_busyguest_matrix() {
  _alternative ${quote(`files:job matrix:${filesEnding(matrixEndings)}`)} 'names:job matrix that ships:_busyguest_matrices'
}
_busyguest_device() {
  local expl
  local -a names=(\${\${(f)"$(_call_program devices busyguest complete devices)"}%%$'\\t'*})
  _wanted devices expl device compadd "$@" -a names
}
_busyguest_devices() { _sequence _busyguest_device }
_busyguest_refs() {
  local expl
  local -a refs=(\${(f)"$(_call_program refs git -C \${(q)1} for-each-ref --format='"%(refname:short)"')"})
  _wanted refs expl commit compadd -a refs
}
_busyguest_ref() { _busyguest_refs \${opt_args[--tree]:-.} }
_busyguest_source() {
  if [[ $PREFIX == *'#'* ]]; then
    local tree=\${PREFIX%%'#'*}
    compset -P '*\\#'
    _busyguest_refs $tree
  else
    _alternative 'folders:source:_files -/' ${quote(`names:package:${named(sources)}`)}
  fi
}
_busyguest_run() {
  local -a found=(\${opt_args[--results]:-results}/*/results.json(N:h))
  local expl
  _wanted runs expl run compadd -f -a found || _files -/
}
_busyguest_unfinished() {
  local one expl
  local -a found
  for one in \${opt_args[--results]:-results}/*/run.json(N:h); do
    [[ -e $one/results.json ]] || found+=($one)
  done
  _wanted runs expl run compadd -f -a found || _files -/
}
_busyguest_job() {
  local -a found=(\${opt_args[--results]:-results}/latest/*/job.json(N:h))
  local expl
  _wanted jobs expl job compadd -f -a found || _files -/
}`;
