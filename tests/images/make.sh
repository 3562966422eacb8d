#!/bin/sh
# Makes the image of the container tests from programs of this machine: nothing is pulled.
#   tests/images/make.sh penstock-test:latest
# Needs busybox, bash, nohup, ldd, tar, and the docker (or, by DOCKER=podman, podman) program, which
# finds the engine by DOCKER_HOST.
# The image has sh (busybox) and bash, the user `builder`, and what CodeBuild's own images have that
# matters to Penstock: an entrypoint called dockerd-entrypoint.sh, and a USER that is not root.
set -eu
tag=${1:?usage: make.sh IMAGE}
for program in busybox bash nohup ldd tar "${DOCKER:-docker}"; do
  command -v "$program" >/dev/null || { echo "make.sh: $program is not installed" >&2; exit 1; }
done

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/etc" "$root/root" "$root/run" "$root/tmp" "$root/var" \
  "$root/home/builder" "$root/usr/local/bin"
chmod 755 "$root"
chmod 1777 "$root/tmp"

add() { # a program and the libraries it is linked with
  cp -L "$(command -v "$1")" "$root/bin/$1"
  { ldd "$root/bin/$1" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root${library%/*}"
    cp -L "$library" "$root$library"
  done
}
add busybox
add bash
add nohup # which some busyboxes lack
for applet in $(busybox --list); do
  [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
done

echo 'root:x:0:0:root:/root:/bin/sh
builder:x:1000:1000::/home/builder:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:
builder:x:1000:' >"$root/etc/group"

# As CodeBuild's: it prints, takes its time, and then evaluates its arguments as one command (CB-056).
cat >"$root/usr/local/bin/dockerd-entrypoint.sh" <<'END'
#!/bin/sh
echo 'the engine inside is starting'
sleep 0.3
touch /run/engine-inside
eval "$@"
END
chmod 755 "$root/usr/local/bin/dockerd-entrypoint.sh"

tar -C "$root" --owner=0 --group=0 -cf - . | "${DOCKER:-docker}" import \
  --change 'ENV PATH=/usr/local/bin:/bin' \
  --change 'ENV FROM_IMAGE=yes' \
  --change 'USER builder' \
  --change 'ENTRYPOINT ["/usr/local/bin/dockerd-entrypoint.sh"]' \
  - "$tag"
