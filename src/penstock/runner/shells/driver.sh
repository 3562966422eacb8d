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
# Only where bash is POSIX's, as an assignment makes it, is `unset` never a function of the build's.
__penstock_regain() {
  case ${BASH_VERSION:+bash}${POSIXLY_CORRECT+ is POSIX} in
    bash)
      POSIXLY_CORRECT=
      unset -f command
      unset POSIXLY_CORRECT
      command shopt -u inherit_errexit || command :
      ;;
    *) unset -f command ;;
  esac
}
__penstock_save() {
  case ${BASH_VERSION-} in
    ?*) command declare -p; command declare -f ;;
    *) set; export -p ;;
  esac
  command echo '# whole'
}
# Where a command ends the shell itself (`exit`, a failing `set -e`), the state is not lost. At the
# end of the orders there is none to keep: `read` has emptied the variable.
__penstock_leave() {
  case $__penstock in
    ?*) { __penstock_regain; __penstock_save; } 2>/dev/null >|'@FOLDER@'/exit.tmp ;;
  esac
}
# `break` and `continue` of a command must not find the loop below: a function hides it from dash, and
# the loop of one turn stands before it elsewhere. Not a function under bash, where `declare` in one
# makes variables local.
__penstock_run() {
  for __penstock_turn in 1; do . '@FOLDER@'/script.sh 7>&- 8<&- 9>&-; done
}
trap __penstock_leave EXIT
# `until`, as after `set -n` nothing is run any more and all of it succeeds: that ends this loop.
until ! command read -r __penstock <&8; do
  case $__penstock${BASH_VERSION:+ in bash} in
    run*' in bash')
      for __penstock_turn in 1; do command . '@FOLDER@'/script.sh 7>&- 8<&- 9>&-; done
      ;;
    run*) __penstock_run ;;
    query*' in bash') command . '@FOLDER@'/query.sh >'@FOLDER@'/answer 2>/dev/null 7>&- 8<&- 9>&- ;;
    query*) . '@FOLDER@'/query.sh >'@FOLDER@'/answer 2>/dev/null 7>&- 8<&- 9>&- ;;
    save*) __penstock_save >'@FOLDER@'/state.tmp 2>/dev/null ;;
    load*) { . '@FOLDER@'/state.sh; command cd "$PWD"; } 2>/dev/null ;;
    sync*) __penstock=${__penstock#sync } && command printf %s "${__penstock%.}" ;;
    *) command false ;;
  esac
  { __penstock=$?; __penstock_regain; command set +aefuvxC +o pipefail; } 2>/dev/null
  # Bash keeps the descriptors in others of 10 and above meanwhile, which a command may close.
  { command exec </dev/null >&7 2>&7 && command echo "$__penstock" <&8 >&9; } ||
    command exit "$__penstock"
done
