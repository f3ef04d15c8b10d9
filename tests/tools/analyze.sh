#!/usr/bin/env bash
# analyze.sh : gcc -fanalyzer, clang-tidy (.clang-tidy) and cppcheck over the service; any finding fails.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
mapfile -t sources < <(find service -name '*.c' | sort)
[ ${#sources[@]} -gt 0 ] || { echo "analyze.sh: no sources" >&2 && exit 1; }
read -ra packages < <(pkg-config --cflags libmicrohttpd jansson libpq libcurl libssl cjose expat)
flags=(-std=gnu11 -D_GNU_SOURCE -Iinclude "${packages[@]}")
mkdir -p .run
failed=0

run() {
  local name=$1
  shift
  echo "analyze: $name over ${#sources[@]} files"
  if ! "$@" >".run/analyze-$name.log" 2>&1; then
    grep -vE '^[0-9]+ warnings? generated|^Suppressed |^Use -header-filter' ".run/analyze-$name.log"
    echo "analyze: $name failed"
    failed=1
  fi
}

gcc_analyzer() {
  printf '%s\0' "${sources[@]}" |
    xargs -0 -n 1 -P "$(nproc)" gcc "${flags[@]}" -O1 -Wall -Wextra -fanalyzer -Werror -Wa,-I. -c -o /dev/null
}
tidy() {
  printf '%s\0' "${sources[@]}" |
    xargs -0 -n 4 -P "$(nproc)" sh -c 'clang-tidy --quiet --warnings-as-errors="*" "$@" -- '"${flags[*]}" sh
}
check() {
  cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
    --suppress=missingIncludeSystem --error-exitcode=1 -D_GNU_SOURCE -Iinclude -j "$(nproc)" service
}

run gcc gcc_analyzer
run clang-tidy tidy
run cppcheck check
[ $failed = 0 ] && echo 'analyze: nothing found'
exit $failed
