#!/usr/bin/env bash
# Install the system libraries Qt needs where they are missing and apt can be used; otherwise say what to install.
# Usage: qt-libraries.sh PYTHON   (the interpreter that has PySide6)
set -u
python=${1:-python3}
packages="libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0"
window_packages="libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"

works() {
    QT_QPA_PLATFORM=offscreen "$python" -c "
from PySide6.QtWidgets import QApplication
QApplication([])" >/dev/null 2>&1
}
window_works() {
    [ -z "${DISPLAY:-}" ] || ldconfig -p 2>/dev/null | grep -q libxcb-cursor
}

case "$(uname -s)" in Linux) ;; *) exit 0 ;; esac
[ -z "${DISPLAY:-}" ] || packages="$packages $window_packages"
works && window_works && exit 0

root=""
[ "$(id -u)" -eq 0 ] || root="sudo -n"
if command -v apt-get >/dev/null && $root true 2>/dev/null; then
    echo "Installing the system libraries Qt needs: $packages"
    export DEBIAN_FRONTEND=noninteractive
    $root apt-get update -qq && $root apt-get install -y -qq --no-install-recommends $packages >/dev/null
    works && exit 0
fi
echo "Qt needs system libraries that are missing here. On Debian and Ubuntu, install them with" >&2
echo "    sudo apt-get install $packages" >&2
echo "and run the command again." >&2
exit 1
