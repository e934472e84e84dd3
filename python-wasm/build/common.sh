# What the scripts of the runtime build share: messages, progress, hashes and steps. Sourced, not run.
#
# A step makes one folder, named after the hash of everything that goes into it. A step whose folder is there is done:
# running the build again costs nothing, and changing one input repeats only what depends on it.

fail() {
	printf 'fetch-runtime: %s\n' "$*" >&2
	exit 1
}

sha256() { sha256sum -- "$1" | cut -d' ' -f1; }

# Hash over the inputs of a step: files and folders by name and content, anything else as text. The folder of another
# step counts by its name, in which its own key stands.
key_of() {
	local input
	for input in "$@"; do
		if [[ $input == "$steps"/* ]]; then
			printf 'step %s\n' "${input#"$steps"/}"
		elif [[ -d $input ]]; then
			(cd "$input" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0r sha256sum)
		elif [[ -f $input ]]; then
			printf '%s %s\n' "$(sha256 "$input")" "${input##*/}"
		else
			printf 'text %s\n' "$input"
		fi
	done | sha256sum | cut -c1-20
}

# Runs a command with its output in a log file, and shows that it is alive: on a terminal a line with the elapsed
# seconds, elsewhere one line when it starts.
with_progress() {
	local title=$1 log=$2 started=$SECONDS status=0
	shift 2
	set -m # a process group of its own, so that stop_running ends all of it
	"$@" >"$log" 2>&1 </dev/null &
	running=$!
	set +m
	if [[ -t 2 ]]; then
		while kill -0 "$running" 2>/dev/null; do
			printf '\r%s ... %d s ' "$title" $((SECONDS - started)) >&2
			sleep 0.5
		done
		printf '\r\033[K' >&2
	else
		printf '%s ...\n' "$title" >&2
	fi
	wait "$running" || status=$?
	running=
	if ((status != 0)); then
		printf '%s: failed. The end of %s:\n' "$title" "$log" >&2
		tail -n 30 -- "$log" >&2
		exit 1
	fi
	printf '%s: done in %d s\n' "$title" $((SECONDS - started)) >&2
}

stop_running() {
	[[ -z ${running:-} ]] || kill -- "-$running" 2>/dev/null || true
}

# step NAME "TITLE" COMMAND ARGUMENT... -- INPUT...
# Makes sure that the folder of this step is there and puts its path into the variable $done. The command is called
# with its arguments, then an empty folder to fill, then the name that the folder will have when it is complete.
# Calls before_work, which the caller defines, before there is anything to do.
# The key is made of the arguments and the inputs; a command that is a script and matters is among the inputs.
step() {
	local name=$1 title=$2 command=()
	shift 2
	while [[ $1 != -- ]]; do
		command+=("$1")
		shift
	done
	shift
	number=$((number + 1))
	done=$steps/$name-$(key_of "${command[@]:1}" "$@")
	[[ -d $done ]] && return
	before_work
	local unfinished=$work/$name
	rm -rf -- "$unfinished"
	mkdir -p -- "$unfinished"
	with_progress "[$number/$total] $title" "$logs/$name.log" "${command[@]}" "$unfinished" "$done"
	mv -T -- "$unfinished" "$done"
}
