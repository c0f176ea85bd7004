#!/usr/bin/env bash
# Makes the picture of the README: an invoice of the demo beside the first page of its annex.
# Needs poppler-utils and imagemagick. Usage: docs/pictures/make.sh [NAME], such as 2026-03-cedar
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${1:-2026-03-cedar}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target/release/quarterhour --quiet demo "$work/demo" --no-serve >"$work/log"
pdftoppm -r 80 -png -l 2 "$work"/demo/invoices/"$name"-INV-*.pdf "$work/page"
convert "$work"/page-*.png -bordercolor '#c8ccd0' -border 1 +append +dither -colors 48 -strip PNG8:docs/pictures/invoice.png
ls -l docs/pictures/invoice.png
