#!/usr/bin/env bash
# Measures other programs beside ours on one core and for one law: eight tickets a month of lognormal hours (mu -1, sigma 1), and
# its expected overage past 5 hours. Not part of CI: it installs Python packages into a folder that it takes away again.
# Usage: risk_peers.sh   (from anywhere in the repository; needs cargo, python3 with venv, and the network; actuar is measured where
# Rscript and the package r-cran-actuar are there). Times are processor time; on a busy machine only ratios of one run say something.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then aggregate=aggregate==1.11; else aggregate=aggregate==0.30.1; fi
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "$aggregate" numpy
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 NUMEXPR_NUM_THREADS=1
core=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')
# Built first, so that nothing compiles while something is measured.
(cd "$here/../.." && cargo bench -p quarterhour-risk --locked --bench risk --no-run) >&2
if command -v Rscript >/dev/null && Rscript -e 'library(actuar)' >/dev/null 2>&1; then
    taskset -c "$core" Rscript --vanilla "$here/risk_peers.R" >"$work/actuar.txt"
else
    echo "actuar is left out: no Rscript with the package" >&2
fi
cd "$here/../.."
taskset -c "$core" "$work/venv/bin/python" "$here/risk_peers.py" "$aggregate" "$work"
