// SPDX-License-Identifier: MIT
import { quoteWord } from '../../system/shell-words.js';
import { allCommands, type CommandWords, type OptionWords } from './grammar.js';
import { kernelEndings, matrixEndings, packages, seriesEndings, sources } from './words.js';

const quoted = (words: readonly string[]): string => quoteWord(words.join(' '));

const flagsOf = ({ short, long }: OptionWords): readonly string[] =>
  short === undefined ? [long] : [short, long];

function commandCase({ path, commands, options, values, more }: CommandWords): string {
  const names = commands.map((one) => one.path.split(' ').at(-1) ?? '');
  const kinds = values.map(({ kind, words }) => (words.length > 0 ? `=${words.join(',')}` : kind));
  return `    ${quoteWord(path)}) commands=${quoted(names)} options=${quoted(options.flatMap(flagsOf))} arguments=${quoted(kinds)} more=${more ? 1 : ''} ;;`;
}

function optionCases({ path, options }: CommandWords): readonly string[] {
  return options.flatMap((option) => {
    const { value, variadic } = option;
    if (value === undefined) return [];
    const names = flagsOf(option)
      .map((flag) => quoteWord(`${path} ${flag}`))
      .join(' | ');
    const words = value.words.length > 0 ? ` choices=${quoted(value.words)}` : '';
    const kind = value.words.length > 0 ? 'choices' : value.kind;
    return [`    ${names}) kind=${kind}${words}${variadic ? ' variadic=1' : ''} ;;`];
  });
}

/** The completion script for bash 4.4 and newer; it needs no bash-completion. @param formats names of `--report` */
export function bashCompletion(root: CommandWords, formats: readonly string[]): string {
  const all = allCommands(root);
  return `# bash completion for busyguest, as "busyguest completion bash" prints it.

_busyguest_command() {
  commands='' options='' arguments='' more=''
  case $1 in
${all.map(commandCase).join('\n')}
  esac
}

# What the option of a command takes; nothing for a flag.
_busyguest_option() {
  kind='' choices='' variadic=''
  case "$1 $2" in
${all.flatMap(optionCases).join('\n')}
  esac
}
${foldersScript}${valuesScript(formats)}${walkScript}`;
}

const words = (list: readonly string[]): string => `_busyguest_words ${quoted(list)}`;

const foldersScript = `
_busyguest_words() {
  mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# Folders, and the files that end so.
_busyguest_files() {
  local ending
  compopt -o filenames 2> /dev/null
  mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(
    compgen -d -- "$cur"
    for ending; do compgen -f -X "!*$ending" -- "$cur"; done
  )
}

# Folders below $1 that have the file $2 and not the file $3; where the user is elsewhere, those there.
_busyguest_folders() {
  local start=$cur one
  [[ $1 == "$cur"* ]] && start=$1
  compopt -o filenames 2> /dev/null
  for one in "$start"*/; do
    [[ -e $one$2 && ( -z $3 || ! -e $one$3 ) ]] && COMPREPLY+=("\${one%/}")
  done
  ((\${#COMPREPLY[@]})) || mapfile -t COMPREPLY < <(compgen -d -- "$cur")
}

_busyguest_refs() {
  _busyguest_words "$(git -C "$1" for-each-ref --format='%(refname:short)' 2> /dev/null)"
}
`;

// What is offered for each kind of value.
const valuesScript = (formats: readonly string[]): string => `
_busyguest_value() {
  local before=''
  case $1 in
    file) compopt -o filenames 2> /dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    folder) _busyguest_files ;;
    matrix)
      _busyguest_files ${matrixEndings.join(' ')}
      [[ $cur == */* ]] || _busyguest_words "$("$program" complete matrices 2> /dev/null | cut -f 1)" ;;
    shipped) _busyguest_words "$("$program" complete matrices 2> /dev/null | cut -f 1)" ;;
    run) _busyguest_folders "$results/" results.json ;;
    unfinished) _busyguest_folders "$results/" run.json results.json ;;
    job) _busyguest_folders "$results/latest/" job.json ;;
    bundle) _busyguest_files .tar.zst ;;
    kernel) _busyguest_files ${kernelEndings.join(' ')}; ${words(packages)} ;;
    source)
      if [[ $cur == *#* ]]; then
        before=\${cur%%#*}
        cur=\${cur#*#}
        _busyguest_refs "$before"
        COMPREPLY=("\${COMPREPLY[@]/#/$before#}")
      else
        _busyguest_files; ${words(sources)}
      fi ;;
    series) _busyguest_files ${seriesEndings.join(' ')} ;;
    ref) _busyguest_refs "$tree" ;;
    device | devices)
      if [[ $1 == devices && $cur == *,* ]]; then
        before=\${cur%,*},
        cur=\${cur##*,}
      fi
      _busyguest_words "$("$program" complete devices 2> /dev/null | cut -f 1)"
      COMPREPLY=("\${COMPREPLY[@]/#/$before}") ;;
    reports)
      if [[ \${cur##*,} == *=* ]]; then
        before=\${cur%=*}=
        cur=\${cur##*=}
        _busyguest_files ''
      else
        [[ $cur == *,* ]] && before=\${cur%,*},
        cur=\${cur##*,}
        compopt -o nospace 2> /dev/null
        ${words(formats.map((name) => `${name}=`))}
      fi
      COMPREPLY=("\${COMPREPLY[@]/#/$before}") ;;
    choices) _busyguest_words "$choices" ;;
    =*) before=\${1#=}; _busyguest_words "\${before//,/ }" ;;
  esac
}
`;

// Reads the line up to the cursor and says what can stand there.
const walkScript = `
_busyguest() {
  local line=\${COMP_LINE:0:COMP_POINT} word own='' i program cur
  local -a words=()
  COMPREPLY=()
  # Bash parts words at = : and @ too (COMP_WORDBREAKS); what no space parts is one word here.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $line == [[:space:]]* || i -eq 0 ]] && words+=('')
    line=\${line#"\${line%%[![:space:]]*}"}
    ((i == COMP_CWORD)) && word=$line own=$line
    words[\${#words[@]} - 1]+=$word
    line=\${line#"$word"}
  done
  cur=\${words[\${#words[@]} - 1]}
  [[ $own == [=:] ]] && own=''
  local taken=\${cur%"$own"} prefix=''
  # An @ begins a word, and belongs to it.
  taken=\${taken%@}
  program=\${words[0]}

  local path='' commands options arguments more kind='' choices variadic results=results tree=. option='' at=0
  _busyguest_command ''
  for word in "\${words[@]:1:\${#words[@]}-2}"; do
    if [[ -n $kind && $word != -?* ]]; then
      case $option in --results) results=\${word%/} ;; --tree) tree=$word ;; esac
      [[ -n $variadic ]] || kind=''
      continue
    fi
    kind=''
    case $word in
      --results=*) results=\${word#*=} ;;
      --tree=*) tree=\${word#*=} ;;
      --*=*) ;;
      -?*) option=$word; _busyguest_option "$path" "$word" ;;
      *)
        if [[ " $commands " == *" $word "* ]]; then
          path=\${path:+$path }$word
          _busyguest_command "$path"
        else
          ((at++))
        fi ;;
    esac
  done
  local -a kinds=($arguments)
  [[ -n $more && at -ge \${#kinds[@]} ]] && at=$((\${#kinds[@]} - 1))

  if [[ $cur == --*=* ]]; then
    prefix=\${cur%%=*}=
    _busyguest_option "$path" "\${cur%%=*}"
    cur=\${cur#*=}
    _busyguest_value "$kind"
  elif [[ -n $kind && $cur != -?* ]]; then
    cur=\${cur//\\\\/}
    _busyguest_value "$kind"
  elif [[ $cur == -* ]]; then
    _busyguest_words "$options"
  else
    cur=\${cur//\\\\/}
    ((at)) || _busyguest_words "$commands"
    _busyguest_value "\${kinds[at]}"
  fi
  COMPREPLY=("\${COMPREPLY[@]/#/$prefix}")
  COMPREPLY=("\${COMPREPLY[@]#"$taken"}")
}

complete -F _busyguest busyguest
`;
