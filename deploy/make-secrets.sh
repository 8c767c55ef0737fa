#!/bin/sh
# Makes the secrets that compose.yaml names, each once: what is there stays as it is.
# usage: deploy/make-secrets.sh [folder]
set -eu

folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
# The folder keeps others on this machine out. The files must be readable to the user inside each container, who is
# not the one who made them.
chmod 0700 "$folder"
umask 022

random_text() {
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

keep() {
  if [ -e "$folder/$1" ]; then
    echo "kept  $folder/$1"
  else
    printf '%s\n' "$2" > "$folder/$1"
    echo "made  $folder/$1"
  fi
}

keep postgres-password "$(random_text)"
keep database-url "postgresql://securechat:$(cat "$folder/postgres-password")@database:5432/securechat"
keep auth-secret "$(random_text)"
