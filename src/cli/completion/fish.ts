// SPDX-License-Identifier: MIT
import { allCommands, shortly, type CommandWords, type OptionWords } from './grammar.js';
import type { Value } from './values.js';
import { kernelEndings, matrixEndings, packages, seriesEndings, sources } from './words.js';

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

/** What follows `complete` for a value: files where the shell knows best, or a function's words. */
const takes = ({ kind, words }: Value): string => {
  if (words.length > 0) return `-f -a ${quote(words.join(' '))}`;
  if (kind === 'file') return '-F';
  return kind === 'text' ? '-f' : `-f -a '(__busyguest_${kind})'`;
};

function optionLine(at: string, { short, long, description, value }: OptionWords): string {
  const names = `${short === undefined ? '' : `-s ${short.slice(1)} `}-l ${long.slice(2)}`;
  const needs = value === undefined ? '' : ` -r ${takes(value)}`;
  return `complete -c busyguest -n ${at} ${names}${needs} -d ${quote(description)}`;
}

function commandLines({ path, options, values, commands }: CommandWords): readonly string[] {
  const at = quote(`__busyguest_at ${path}`.trim());
  const own = commands.map((one) => {
    const word = one.path.split(' ').at(-1) ?? '';
    return `complete -c busyguest -n ${at} -a ${word} -d ${quote(shortly(one.description))}`;
  });
  // The arguments of a command are all of one kind.
  const [value] = values;
  const lines = value === undefined ? [] : [`complete -c busyguest -n ${at} ${takes(value)}`];
  return [...own, ...options.map((option) => optionLine(at, option)), ...lines];
}

/** The completion script for fish 3.2 and newer. @param formats names of `--report` */
export function fishCompletion(root: CommandWords, formats: readonly string[]): string {
  const paths = allCommands(root).flatMap(({ path }) => (path === '' ? [] : [quote(path)]));
  return `# fish completion for busyguest, as "busyguest completion fish" prints it.

function __busyguest_at
    set -l path ''
    for word in (commandline -opc)[2..-1]
        set -l next (string trim -- "$path $word")
        contains -- $next ${paths.join(' ')}
        and set path $next
    end
    test "$path" = "$argv"
end
${valuesScript}
${reportsScript(formats)}
complete -c busyguest -f
${allCommands(root).flatMap(commandLines).join('\n')}
`;
}

/** Files of these ends, and folders. */
const filesEnding = (endings: readonly string[]): string =>
  `__busyguest_files ${quote(`(/|${endings.map((one) => one.replaceAll('.', '\\.')).join('|')})$`)}`;

const lines = (words: readonly string[]): string => `printf '%s\\n' ${words.map(quote).join(' ')}`;

// What is offered for each kind of value.
const valuesScript = `
# The word at the cursor, without the option that it may be joined to.
function __busyguest_token
    set -l token (string replace -r -- '^--[a-z0-9-]+=' '' (commandline -ct))
    string unescape -- $token
    or echo $token
end
# The value of an option on the line, or what stands for it.
function __busyguest_value
    set -l words (commandline -opc)
    for at in (seq (count $words))
        string match -q -- $argv[1] $words[$at]
        and test $at -lt (count $words)
        and echo $words[(math $at + 1)]
        and return
        string match -q -- "$argv[1]=*" $words[$at]
        and string replace -- "$argv[1]=" '' $words[$at]
        and return
    end
    echo $argv[2]
end
function __busyguest_files
    __fish_complete_path (__busyguest_token) | string replace -r '\\t.*' '' | string match -r -- ".*$argv"
end
function __busyguest_folder
    __fish_complete_directories (__busyguest_token) ''
end
function __busyguest_matrix
    ${filesEnding(matrixEndings)}
    __busyguest_shipped
end
function __busyguest_shipped
    busyguest complete matrices 2>/dev/null
end
# Of these folders those that the word begins; where it begins none, all that are there.
function __busyguest_folders
    set -l token (__busyguest_token)
    set -l found (string match -- "$token*" $argv)
    and printf '%s\\n' $found
    or __busyguest_folder
end
function __busyguest_of
    string replace -r -- '/[^/]*$' '' $argv
end
function __busyguest_run
    __busyguest_folders (__busyguest_of (__busyguest_value --results results)/*/results.json)
end
function __busyguest_unfinished
    set -l found
    for dir in (__busyguest_of (__busyguest_value --results results)/*/run.json)
        test -e $dir/results.json
        or set -a found $dir
    end
    __busyguest_folders $found
end
function __busyguest_job
    __busyguest_folders (__busyguest_of (__busyguest_value --results results)/latest/*/job.json)
end
function __busyguest_bundle
    ${filesEnding(['.tar.zst'])}
end
function __busyguest_series
    ${filesEnding(seriesEndings)}
end
function __busyguest_kernel
    ${filesEnding(kernelEndings)}
    ${lines(packages)}
end
function __busyguest_refs
    git -C $argv for-each-ref --format='%(refname:short)' 2>/dev/null
end
function __busyguest_ref
    __busyguest_refs (__busyguest_value --tree .)
end
function __busyguest_source
    set -l parts (string split -m 1 -- '#' (__busyguest_token))
    if set -q parts[2]
        for ref in (__busyguest_refs $parts[1])
            echo "$parts[1]#$ref"
        end
    else
        __busyguest_folder
        ${lines(sources)}
    end
end
function __busyguest_device
    busyguest complete devices 2>/dev/null
end
# What stands before the last comma, before each of the words.
function __busyguest_list
    set -l before (string match -r -- '.*,' (__busyguest_token))
    for word in $argv
        echo "$before$word"
    end
end
function __busyguest_devices
    __busyguest_list (__busyguest_device)
end
`.trimEnd();

const reportsScript = (formats: readonly string[]): string => `function __busyguest_reports
    set -l token (__busyguest_token)
    if set -l before (string match -r -- '.*=' $token)
        for file in (__fish_complete_path (string replace -- "$before" '' $token) | string replace -r '\\t.*' '')
            echo "$before$file"
        end
    else
        __busyguest_list ${formats.map((name) => `${name}=`).join(' ')}
    end
end
`;
