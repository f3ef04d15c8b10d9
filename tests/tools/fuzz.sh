#!/usr/bin/env bash
# fuzz.sh SECONDS [TARGET] : libFuzzer on one target or all, from the committed corpus.
# New inputs gather in .run/fuzz/TARGET; a crash leaves its input in .run/fuzz and fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:?seconds}
build=${BUILD:-build/fuzzer}
mkdir -p .run/fuzz
failed=0
found=0

for source in tests/fuzz/fuzz_"${2:-}"*.c; do
  [ -f "$source" ] || continue
  target=$(basename "$source" .c)
  target=${target#fuzz_}
  if [ -n "${2:-}" ] && [ "$target" != "$2" ]; then continue; fi
  found=$((found + 1))
  mkdir -p ".run/fuzz/$target"
  echo "fuzz $target for $seconds s"
  if ! "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -max_len=65536 -print_final_stats=1 -verbosity=0 -artifact_prefix=".run/fuzz/$target-" \
    ".run/fuzz/$target" "tests/fuzz/corpus/$target" >".run/fuzz/$target.log" 2>&1; then
    tail -n 40 ".run/fuzz/$target.log"
    failed=$((failed + 1))
  else
    grep -E 'number_of_executed|new_units' ".run/fuzz/$target.log"
  fi
done
[ $found -gt 0 ] || { echo "fuzz.sh: no target '${2:-}'" >&2 && exit 1; }
echo "fuzz: $found targets, $failed with a crash"
[ $failed = 0 ]
