/** The shells that can complete commands. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A shell that can complete commands. */
export type Shell = (typeof SHELLS)[number];

// Each asks `sealroom --complete <words>`, which prints one word a line, with a tab and what it means; or `:files` or `:directories`
// where the shell has to complete paths.
const BASH = String.raw`# bash completion for sealroom
_sealroom() {
  local line="${'$'}{COMP_LINE:0:COMP_POINT}" words current typed reply
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current="${'$'}{words[${'$'}{#words[@]}-1]}"
  # bash has split the word at = and :, and wants only what comes after.
  typed="${'$'}{current%"${'$'}{current##*[=:]}"}"
  COMPREPLY=()
  while IFS=$'\t' read -r reply _; do
    case $reply in
      :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "${'$'}{current##*[=:]}") ;;
      :directories) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "${'$'}{current##*[=:]}") ;;
      *) COMPREPLY+=("${'$'}{reply#"$typed"}"); [[ $reply == *: ]] && compopt -o nospace ;;
    esac
  done < <(sealroom --complete "${'$'}{words[@]:1}" 2>/dev/null)
}
complete -F _sealroom sealroom
`;

const ZSH = String.raw`#compdef sealroom
_sealroom() {
  local line
  local -a values
  for line in "${'$'}{(@f)$(sealroom --complete "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) compset -P '*='; _files; return ;;
      :directories) compset -P '*='; _files -/; return ;;
      *) values+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}") ;;
    esac
  done
  _describe sealroom values
}
if [[ ${'$'}{funcstack[1]} == _sealroom ]]; then _sealroom "$@"; else compdef _sealroom sealroom; fi
`;

const FISH = String.raw`# fish completion for sealroom
function __sealroom_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l prefix (string match -r '^--[^=]*=' -- $current)
  for line in (sealroom --complete $words[2..-1] "$current" 2>/dev/null)
    switch $line
      case ':files'
        printf "$prefix%s\n" (__fish_complete_path (string replace -- "$prefix" '' "$current"))
      case ':directories'
        printf "$prefix%s\n" (__fish_complete_directories (string replace -- "$prefix" '' "$current"))
      case '*'
        echo $line
    end
  end
end
complete -c sealroom -f -a '(__sealroom_complete)'
`;

/** The completion script of a shell. */
export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
