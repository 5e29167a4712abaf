#!/usr/bin/env bash
# Sees to the programs that building (run), testing (test) or measuring (bench)
# needs. On Debian it installs those that lack, as root or through sudo; elsewhere it names them.
#
#   scripts/deps.sh run|test|bench
set -euo pipefail

# program, or file, and the Debian package that brings it
needed=(git:git)
case "${1:-}" in
run) ;;
test | bench)
	needed+=(
		gcc:gcc /usr/include/stdlib.h:libc6-dev # for the race detector
		chromium:chromium
		/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf:fonts-dejavu-core
		/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf:fonts-noto-color-emoji
		sshd:openssh-server ssh:openssh-client dropbear:dropbear-bin
		oathtool:oathtool /usr/share/doc/libpam-oath:libpam-oath puttygen:putty-tools openssl:openssl
		tmux:tmux vim:vim htop:htop
		Xtigervnc:tigervnc-standalone-server vncpasswd:tigervnc-tools xterm:xterm xwd:x11-apps xsetroot:x11-xserver-utils
		Xtightvnc:tightvncserver /usr/share/fonts/X11/misc:xfonts-base x11vnc:x11vnc Xvfb:xvfb qemu-system-x86_64:qemu-system-x86
		wayvnc:wayvnc sway:sway grim:grim krfb:krfb dbus-run-session:dbus-daemon xev:x11-utils xclip:xclip gnutls-serv:gnutls-bin
		pulseaudio:pulseaudio pactl:pulseaudio-utils
		nginx:nginx-light caddy:caddy /etc/ssl/certs/ca-certificates.crt:ca-certificates
		xrdp:xrdp freerdp-shadow-cli:freerdp2-shadow-x11 winpr-hash:winpr-utils weston:weston
		grdctl:gnome-remote-desktop mutter:mutter pipewire:pipewire-bin wireplumber:wireplumber gdbus:libglib2.0-bin
	)
	;;
*)
	echo "usage: scripts/deps.sh run|test|bench" >&2
	exit 2
	;;
esac
if [ "$1" = bench ]; then
	needed+=(node:nodejs npm:npm)     # xterm.js, to compare with
	needed+=(mpv:mpv ffmpeg:ffmpeg) # a video on a desktop
fi

PATH=$PATH:/usr/sbin:/sbin:/usr/local/go/bin
present() {
	case $1 in
	/*) [ -e "$1" ] ;;
	*) command -v "$1" >/dev/null ;;
	esac
}

if ! present go; then
	echo "Go is missing: install Go 1.26 or newer from https://go.dev/dl/ and put it on the PATH." >&2
	exit 1
fi

missing=() packages=()
for entry in "${needed[@]}"; do
	if ! present "${entry%%:*}"; then
		missing+=("${entry%%:*}")
		packages+=("${entry##*:}")
	fi
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
	echo "These are missing: ${missing[*]}" >&2
	echo "Install them with your system's package manager; on Debian they are in: ${packages[*]}" >&2
	exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "These are missing: ${missing[*]}" >&2
		echo "Run this as root: apt-get install ${packages[*]}" >&2
		exit 1
	fi
	as_root=(sudo)
fi
echo "Installing: ${packages[*]}"
"${as_root[@]}" apt-get update -qq
# Installing a server must not start it: the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
	"${as_root[@]}" chmod +x $policy
	trap '"${as_root[@]}" rm -f $policy' EXIT
fi
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
