#!/bin/bash
# The first process of the node's namespaces: makes them look like a machine of its own, runs "$@" and
# takes everything along when that ends. $NODE_FOLDER is on the disk and is removed by who made it.
set -euo pipefail

view_groups() { # what the machine mounts shows its own hierarchies; mounted here, they begin at ours
    local controllers each
    controllers=$(awk -F: '$2 != "" { print $2 }' /proc/self/cgroup)
    umount -R /sys
    mount -t sysfs sysfs /sys
    mount -t tmpfs -o mode=755 cgroups /sys/fs/cgroup
    for each in $controllers; do
        mkdir "/sys/fs/cgroup/${each#name=}"
        mount -t cgroup -o "${each/#name=/none,name=}" cgroup "/sys/fs/cgroup/${each#name=}"
    done
}

view_files() { # what a node writes stays inside
    local each
    mount --make-rshared /
    for each in /run /opt /var/log; do
        mount -t tmpfs tmpfs "$each"
    done
    mkdir -p "$NODE_FOLDER/lib" "$NODE_FOLDER/binds"
    # On the disk, not in memory: images are unpacked there.
    mount --bind "$NODE_FOLDER/lib" /var/lib
    # The kubelet wants these values of the whole machine; here they only seem to be changed.
    seem vm/overcommit_memory 1
    seem kernel/panic 10
    seem kernel/panic_on_oops 1
}

seem() {
    local file="$NODE_FOLDER/binds/${1//\//-}"
    echo "$2" > "$file"
    mount --bind "$file" "/proc/sys/$1"
}

view_network() {
    ip link set lo up
    # Of its own, or it is the lowest of its ports: it changed with the pods, and those that were
    # there lost their way for as long as they remembered the old one.
    ip link add node0 address 02:00:0a:c8:00:01 type bridge
    ip addr add "$NODE_ADDRESS/16" dev node0
    ip addr add "$NODE_SERVICE_ADDRESS/32" dev node0
    ip -6 addr add "$NODE_ADDRESS_6/64" dev node0 nodad
    ip link set node0 up
    echo 1 > /proc/sys/net/ipv4/ip_forward
}

hostname "$NODE_NAME"
view_groups
view_files
view_network
# Not exec: the first process has to bury what others leave.
"$@" &
wait $!
