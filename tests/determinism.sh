#!/usr/bin/env bash
# The promise: same scenario and seed, same trace, bit for bit. Compares the digests of every
# scenario that comes with sibyl with those in tests/golden/digests.txt:
#   - twice in one process (each file twice on one command line), in two processes, with two jobs;
#   - as built now, by g++ at -O0, by clang++ at -O3, and by clang++ with the address and
#     undefined-behaviour sanitizers (only the program, in folders of their own, reused later).
# Usage: tests/determinism.sh BINARY [--quick | --update]
#   --quick: only the binary given.   --update: writes the golden file from it instead of comparing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=$(realpath "$1")
mode=${2:-all}
case $mode in
  all | --quick | --update) ;;
  *) echo "determinism.sh: \"$mode\" is neither --quick nor --update" && exit 64 ;;
esac
work=$(dirname "$binary")/determinism
mkdir -p "$work"
golden=$root/tests/golden/digests.txt
cd "$root"
mapfile -t files < <(find scenarios -name '*.json' -not -path '*/schema/*' \
  -not -path '*/campaigns/*' | LC_ALL=C sort)

digests() { # PROGRAM ARGUMENT... -> "id seed digest" lines
  "$@" --json | python3 -c '
import json, sys
report = json.load(sys.stdin)
for r in report if isinstance(report, list) else [report]:
    print(r["id"], r["seed"], r["digest"])'
}
same() { # WHAT FILE
  if ! diff -u "$golden" "$2" >"$work/diff"; then
    echo "The digests differ: $1"
    cat "$work/diff"
    echo "For the first event that differs, record both (sibyl run SCENARIO --only ID --trace FILE)"
    echo "and compare the traces with sibyl diff."
    exit 1
  fi
  echo "same digests: $1"
}

if [ "$mode" = --update ]; then
  mkdir -p "$(dirname "$golden")"
  digests "$binary" run "${files[@]}" >"$golden"
  echo "wrote $(wc -l <"$golden") digests"
  exit 0
fi
runs=$(wc -l <"$golden")
digests "$binary" run "${files[@]}" >"$work/now"
same "this build, $runs runs" "$work/now"
digests "$binary" run "${files[@]}" --jobs 2 >"$work/jobs"
same "a second process, two jobs" "$work/jobs"
digests "$binary" run "${files[@]}" "${files[@]}" >"$work/twice"
head -n "$runs" "$work/twice" >"$work/first"
same "the first of two in one process" "$work/first"
tail -n "$runs" "$work/twice" >"$work/second"
same "the second of two in one process" "$work/second"
[ "$mode" = --quick ] && exit 0

build_and_compare() { # NAME COMPILER FLAGS
  if ! command -v "$2" >/dev/null; then
    echo "no $2 here: $1 is left out"
    return
  fi
  cmake -S . -B "$work/$1" -G Ninja -DCMAKE_BUILD_TYPE=Plain -DCMAKE_CXX_COMPILER="$2" \
    -DCMAKE_CXX_FLAGS="$3" -DCMAKE_UNITY_BUILD=ON -DSIBYL_BUILD_TESTS=OFF \
    -DSIBYL_DEVELOPER=OFF >"$work/$1.log" 2>&1 &&
    cmake --build "$work/$1" --target sibyl_cli >>"$work/$1.log" 2>&1 || {
      tail -n 30 "$work/$1.log"
      echo "$1: the build failed"
      exit 1
    }
  digests "$work/$1/bin/sibyl" run "${files[@]}" >"$work/$1.digests"
  same "$1" "$work/$1.digests"
}
build_and_compare gcc-O0 g++ -O0
build_and_compare clang-O3 clang++ -O3
sanitizers="-fsanitize=address,undefined -fno-sanitize-recover=all"
sanitized=$(command -v clang++ || echo g++)
# shellcheck disable=SC2086  # several flags
if ! echo 'int main() {}' | "$sanitized" $sanitizers -x c++ - -o "$work/probe" 2>/dev/null; then
  sanitized=g++ # clang's runtime comes in a package of its own
fi
build_and_compare sanitizers-O1 "$sanitized" "-O1 $sanitizers"
