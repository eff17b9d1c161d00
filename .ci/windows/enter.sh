#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# enter.sh TREE CHECKOUT NAME=VALUE... COMMAND...: run a command in the Debian of the tree, in the checkout,
# with these variables alone.
#
# Started by `unshare --mount --pid --fork --kill-child`, so that the mounts and every process end with it: this
# shell is the first process there, and the kernel ends the others when it ends. Wine needs /sys, else it reports
# no processors at all, and Blender's thread pool then starts thousands of threads.
set -eu
tree=$1 checkout=$2
shift 2
root=$tree/debian
mkdir -p "$root/checkout" "$root/windows" "$root/proc" "$root/dev" "$root/sys" "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount --bind "$checkout" "$root/checkout"
mount --bind "$tree" "$root/windows"
code=0
chroot "$root" /usr/bin/env -i -C /checkout "$@" || code=$?
exit "$code"
