# The shell of a build. Orders come in on descriptor 0, a line each; answers (exit statuses) leave on
# 1; what commands print leaves on 2. Orders and answers are moved out of the way, and closed while a
# command runs, so nothing a command prints, redirects or leaves running can pass for an answer. A
# command is sourced: its directory and variables are there for the next one (CB-026). The options
# and redirections it sets are taken back, as each command is a script of its own on CodeBuild. Its
# functions stay and may have the names of builtins, hence `command`, the one name it cannot have.
# An order ends in a dot, as `read` may drop its last character if a build has put that into IFS.
#   run        script.sh
#   query      query.sh, with its output in the file `answer`
#   save       the state, into state.tmp
#   load       the state, from state.sh
#   sync WORD  prints WORD among the output: all that was printed before stands before it
exec 7>&2 8<&0 9>&1 </dev/null >&2
cd '@SOURCE@' || exit
__penstock_save() {
  if [ -n "${BASH_VERSION-}" ]; then
    command declare -p
    command declare -f
  else
    set
    export -p
  fi
  command echo '# whole'
}
# Where a command ends the shell itself (`exit`, a failing `set -e`), the state is not lost. At the
# end of the orders there is none to keep: `read` has emptied the variable.
__penstock_leave() {
  [ -z "$__penstock" ] || __penstock_save 2>/dev/null >|'@FOLDER@'/exit.tmp
}
# `break` and `continue` of a command must not find the loop below: a function hides it from dash, and
# the loop of one turn stands before it elsewhere. Not a function under bash, where `declare` in one
# makes variables local.
__penstock_run() {
  for __penstock_turn in 1; do . '@FOLDER@'/script.sh 7>&- 8<&- 9>&-; done
}
trap __penstock_leave EXIT
while command read -r __penstock <&8; do
  case $__penstock${BASH_VERSION:+ in bash} in
    run*' in bash')
      for __penstock_turn in 1; do . '@FOLDER@'/script.sh 7>&- 8<&- 9>&-; done
      ;;
    run*) __penstock_run ;;
    query*) . '@FOLDER@'/query.sh >'@FOLDER@'/answer 2>/dev/null 7>&- 8<&- 9>&- ;;
    save*) __penstock_save >'@FOLDER@'/state.tmp 2>/dev/null ;;
    load*) { . '@FOLDER@'/state.sh; command cd "$PWD"; } 2>/dev/null ;;
    sync*) __penstock=${__penstock#sync } && command printf %s "${__penstock%.}" ;;
    *) command false ;;
  esac
  { __penstock=$?; unset -f command; command set +aefuvxC; command set +o pipefail; } 2>/dev/null
  command exec </dev/null >&7 2>&7
  command echo "$__penstock" >&9
done
