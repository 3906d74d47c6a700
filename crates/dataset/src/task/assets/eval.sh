#!/bin/bash
set -uxo pipefail
{ set +x; } 2>/dev/null
# Judges a work tree with the tests of @INSTANCE@.
#
#   BACKSTORY_WORK            the work tree; /testbed without it
#   BACKSTORY_BASE            a folder with the files of the base commit; without it
#                             the tag `backstory-base` of the work tree is asked
#   BACKSTORY_MODEL_PATCH     a patch to apply first; without it the caller has done so
#   BACKSTORY_REVERSED_PATCH  a patch to take back after it
#
# What the tests print stands in front of the marked part, with `| ` before each
# line. The marked part holds one line for each test that passed or failed, taken
# from the file of the reporter, and nothing else. A test that was skipped, or of
# which the reporter does not speak, has no line.

work="${BACKSTORY_WORK:-/testbed}"
base="${BACKSTORY_BASE:-}"
export PATH="/env/bin:$PATH" TZ=UTC LC_ALL=C.UTF-8 PYTHONHASHSEED=0 CI=true NO_COLOR=1
export COLUMNS=80 PYTHONDONTWRITEBYTECODE=1 SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-@CREATED_AT@}"
@VARIABLES@
scratch="$(mktemp -d)"
export HOME=/tmp/home
mkdir -p "$HOME" "$scratch/backstory"
cd "$work" || exit 1

void() { # says why there is no verdict, in words the grader knows
  echo ">>>>> $1"
  exit 1
}

if [ -z "$base" ] && ! git rev-parse --quiet --verify 'backstory-base^{commit}' > /dev/null; then
  void 'Reset Failed'
fi
if [ -s "${BACKSTORY_MODEL_PATCH:-}" ]; then
  git apply --whitespace=nowarn "$BACKSTORY_MODEL_PATCH" || void 'Patch Apply Failed'
fi
if [ -s "${BACKSTORY_REVERSED_PATCH:-}" ]; then
  git apply --whitespace=nowarn --reverse "$BACKSTORY_REVERSED_PATCH" || void 'Patch Apply Failed'
fi

restore() { # puts a path back as it is at the base; takes it away where the base has none
  rm -rf -- "./$1"
  if [ -z "$base" ]; then
    git checkout --quiet backstory-base -- "./$1" 2>/dev/null
  elif [ -e "$base/$1" ] || [ -L "$base/$1" ]; then
    mkdir -p "$(dirname "./$1")" && cp -a -- "$base/$1" "./$1"
  fi
}

steering() { # prints every file that steers a test runner, of the work tree and of the base
  local names=(@STEERING_FOUND@)
  find . -path ./.git -prune -o \( "${names[@]}" \) -print0
  if [ -z "$base" ]; then
    git ls-tree -r -z --name-only backstory-base |
      grep -zE '(^|/)(@STEERING_LISTED@)$'
  else
    (cd "$base" && find . \( "${names[@]}" \) -print0)
  fi
}

# What the gold patch itself changes is the work that is judged; the rest is not.
while IFS= read -r -d '' path; do
  path="${path#./}"
  case "$path" in
    @KEPT@) ;;
    *) restore "$path" ;;
  esac
done < <(steering | sort -zu)
for path in @RESTORED@; do
  restore "$path"
done

cat > "$scratch/test.patch" <<'@END@'
@TEST_PATCH@@END@
git apply --whitespace=nowarn "$scratch/test.patch" || void 'Reset Failed'

@REPORTER@
cat > "$scratch/verdicts.py" <<'@END@'
@VERDICTS@@END@

export PYTHONPATH="$scratch/backstory${PYTHONPATH:+:$PYTHONPATH}"
export BACKSTORY_REPORT="$scratch/report.jsonl"
@COMMAND@ > "$scratch/output" 2>&1 < /dev/null
status=$?
unset PYTHONPATH
sed -e 's/>>>>>/>>>> >/g' -e 's/^/| /' "$scratch/output"
echo
if ! @PYTHON@ -I "$scratch/verdicts.py" "$BACKSTORY_REPORT" "$status" > "$scratch/verdicts"; then
  cat "$scratch/verdicts"
  void 'Tests Errored'
fi

echo '>>>>> Start Test Output'
cat "$scratch/verdicts"
(exit "$status")
echo '>>>>> End Test Output'
echo ">>>>> Test Exit Code: $status"
rm -rf "$scratch"
