"""The command that prints what makes a shell complete words."""

from __future__ import annotations

import argparse

__all__ = ["SCRIPTS", "completion"]

# Each asks `wgflow --complete WORDS…` and gets a line "word<Tab>what it is" for each possibility.
BASH = r"""
_wgflow() {
    local line="${COMP_LINE:0:COMP_POINT}" now word
    local -a typed
    read -ra typed <<< "$line"
    [[ $line == *[[:space:]] ]] && typed+=("")
    now="${typed[-1]}"
    # bash takes what is behind = for a word of its own
    local head=""
    [[ $now == *=* && $COMP_WORDBREAKS == *=* ]] && head="${now%=*}="
    COMPREPLY=()
    while IFS=$'\t' read -r word _; do
        COMPREPLY+=("$(printf '%q' "${word#"$head"}")")
    done < <("$1" --complete "${typed[@]:1}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]]; then
        compopt -o nospace
    fi
}
complete -F _wgflow wgflow
"""
ZSH = r"""
#compdef wgflow
_wgflow() {
    local line word
    local -a open openabout whole wholeabout
    for line in "${(@f)$(${(Q)words[1]} --complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -z $line ]] && continue
        word="${line%%$'\t'*}"
        if [[ $word == *[=/] ]]; then
            open+=("$word"); openabout+=("$word  ${line#*$'\t'}")
        else
            whole+=("$word"); wholeabout+=("$word  ${line#*$'\t'}")
        fi
    done
    (( $#open )) && compadd -S '' -l -d openabout -a open
    (( $#whole )) && compadd -l -d wholeabout -a whole
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _wgflow wgflow
"""
FISH = r"""
function __wgflow_complete
    set -l typed (commandline -opc)
    set -l now (commandline -ct)
    test (count $now) -eq 0; and set now ''
    command $typed[1] --complete $typed[2..-1] $now 2>/dev/null
end
complete -c wgflow -f -a '(__wgflow_complete)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def completion(given: argparse.Namespace) -> int:
    """Print the script of a shell."""
    print(SCRIPTS[given.shell].strip())
    return 0
