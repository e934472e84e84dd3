#!/usr/bin/env bash
# Downloads what pins.txt names, and accepts nothing else: sources.sh NAME FOLDER [FINAL]
#
# The first line of pins.txt with this NAME that can be had is taken. The file lands in FOLDER with its hash checked,
# and FOLDER/version tells which line it was.
#
# Debian sources come from the mirror that this machine's own apt uses (or CLOUD_PYTHON_DEBIAN_MIRROR), through a
# private apt configuration: the system's lists and caches stay as they are. Python packages come through pip.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/common.sh"

name=$1 folder=$2
apt=$CLOUD_PYTHON_WORK/apt

mirror() {
	if [[ -n ${CLOUD_PYTHON_DEBIAN_MIRROR:-} ]]; then
		echo "$CLOUD_PYTHON_DEBIAN_MIRROR"
		return
	fi
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed 's/#.*//' | grep -oEm 1 'https?://[^[:space:]]+/debian/?([[:space:]]|$)'
}

apt_options() {
	printf '%s\n' -q -o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root
}

prepare_apt() {
	mapfile -t options < <(apt_options)
	[[ -f $apt/ready ]] && return
	local from keyring
	from=$(set +o pipefail && mirror) || fail "apt on this machine knows no Debian mirror; set CLOUD_PYTHON_DEBIAN_MIRROR=URL"
	keyring=$(ls /usr/share/keyrings/debian-archive-keyring.* 2>/dev/null | head -n 1)
	[[ -n $keyring ]] || fail "the keys of Debian's archive are missing: apt-get install debian-archive-keyring"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	printf "deb-src [signed-by=$keyring] ${from%% *} %s main\n" sid trixie >"$apt/sources.list"
	apt-get "${options[@]}" update
	touch "$apt/ready"
}

# The version of the source package whose original source has this hash.
debian_version() {
	apt-cache "${options[@]}" showsrc --only-source "$name" 2>/dev/null |
		awk -v hash="$1" '/^Version:/ { version = $2 } $1 == hash { print version; exit }'
}

fetch_debian() {
	local version
	prepare_apt
	version=$(debian_version "$1")
	[[ -n $version ]] || return 1
	(cd "$folder" && apt-get "${options[@]}" source --download-only --only-source --tar-only "$name=$version")
}

fetch_pypi() {
	python3 -m pip download --disable-pip-version-check --no-deps --only-binary :all: --dest "$folder" "$name==$1"
}

fetch() {
	local version=$1 hash=$2 from=$3 file=$4
	case $from in
	debian) fetch_debian "$hash" ;;
	pypi) fetch_pypi "$version" ;;
	*) fail "pins.txt: unknown origin $from" ;;
	esac || return 1
	[[ -f $folder/$file ]] || return 1
	[[ $(sha256 "$folder/$file") == "$hash" ]] || fail "$file does not have the pinned hash $hash"
	find "$folder" -mindepth 1 -not -name "$file" -delete
	printf '%s\n' "$version" >"$folder/version"
}

while read -r _ version hash from file; do
	echo "trying $name $version"
	if fetch "$version" "$hash" "$from" "$file"; then
		exit 0
	fi
done < <(grep -E "^$name[[:space:]]" "$here/pins.txt")
fail "$name: none of the versions in pins.txt can be had"
