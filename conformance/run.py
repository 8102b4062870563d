#!/usr/bin/env python3
"""Copies every file of a corpus with `reel remux` and has foreign readers judge the copies.

    python3 conformance/run.py [--reel PATH] [--corpus DIR] [--only GLOB] [--readers NAME,...] [--markdown]

A reader's complaint about a copy counts unless the same reader says the same of the source, or known.tsv explains it.
Readers that aren't installed are named and left out. Exit code 1 where a complaint is left.
"""
import argparse, collections, concurrent.futures, csv, fnmatch, json, pathlib, re, subprocess, sys, tempfile

import readers as shelf

HERE = pathlib.Path(__file__).resolve().parent
# Name of the variant, extension, flags.
VARIANTS = [
    ("mov", "mov", []),
    ("mp4", "mp4", []),
    ("mov index first", "mov", ["--network"]),
    ("mp4 index first", "mp4", ["--network"]),
]


class Copy:
    """One copy of one source: where it is, and what `reel` reported, or why there is none."""

    def __init__(self, source, variant, path, report, refusal):
        self.source, self.variant, self.path = source, variant, path
        self.report, self.refusal = report, refusal


def remux(reel, source, variant, folder):
    name, extension, flags = variant
    target = folder / f"{source.name}.{name.replace(' ', '-')}.{extension}"
    command = [reel, "remux", "--json", "--overwrite", *flags, source, target]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 0:
        return Copy(source, name, target, json.loads(run.stdout), None)
    said = run.stderr.strip().splitlines()[0] if run.stderr else "no message"
    said = re.sub(r"(, )?file /[^ ,)]*(, )?", lambda match: match[1] and match[2] or "", said)
    return Copy(source, name, None, None, said.replace("error: ", "", 1))


def known_faults():
    with open(HERE / "known.tsv", newline="") as table:
        rows = [row for row in csv.reader(table, delimiter="\t") if row and not row[0].startswith("#")]
    for row in rows:
        assert len(row) == 5, f"known.tsv: reader, file, variant, words, reason: {row}"
    return rows


def plain(fault):
    """A complaint without the numbers that differ between source and copy."""
    fault = re.sub(r"0x[0-9a-fA-F]+", "N", fault)
    return re.sub(r"\d+", "N", fault)


def judge(reader, copies, sources, known, used):
    """What `reader` holds against the copies that isn't the source's own fault or known."""
    wanted = [copy for copy in copies if reader.takes(copy.path, copy.report)]
    before = reader.faults([source for source in sources if reader.takes_source(source)], None)
    after = reader.faults([copy.path for copy in wanted], {copy.path: copy for copy in wanted})
    tally = collections.Counter(files=len({copy.source for copy in wanted}), copies=len(wanted))
    left = []
    for copy in wanted:
        own = {plain(fault) for fault in before.get(copy.source, [])}
        for fault in after.get(copy.path, []):
            if plain(fault) in own:
                tally["source"] += 1
                continue
            row = next((row for row in known if fnmatch.fnmatch(reader.name, row[0]) and fnmatch.fnmatch(copy.source.name, row[1])
                        and fnmatch.fnmatch(copy.variant, row[2]) and row[3] in fault), None)
            if row:
                used.add(tuple(row))
                tally["known"] += 1
            else:
                tally["left"] += 1
                left.append(f"{reader.name}: {copy.source.name} -> {copy.variant}: {fault}")
    return tally, left


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reel", default=str(HERE.parent / "target/release/reel"))
    parser.add_argument("--corpus", type=pathlib.Path, default=HERE.parent.parent / "shared/media")
    parser.add_argument("--only", default="*", help="file names, as a glob; several with commas")
    parser.add_argument("--readers", default="", help="names of readers, separated by commas")
    parser.add_argument("--markdown", action="store_true", help="print the table of docs/conformance.md")
    args = parser.parse_args()
    globs = args.only.split(",")
    sources = sorted(path.resolve() for path in args.corpus.iterdir()
                     if path.suffix != ".tsv" and any(fnmatch.fnmatch(path.name, glob) for glob in globs))
    names = [name for name in args.readers.split(",") if name]
    readers = [reader for reader in shelf.all_readers(args.reel) if not names or reader.name in names]
    known, used = known_faults(), set()
    with tempfile.TemporaryDirectory(prefix="reel-conformance-") as folder:
        folder = pathlib.Path(folder)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(remux, args.reel, source, variant, folder)
                    for source in sources for variant in VARIANTS]
            copies = [job.result() for job in jobs]
        refused = [copy for copy in copies if copy.refusal]
        copies = [copy for copy in copies if not copy.refusal]
        print(f"{len(sources)} files, {len(copies)} copies, {len(refused)} refusals", file=sys.stderr)
        table, left = [], []
        for reader in readers:
            missing = reader.missing()
            if missing:
                print(f"SKIPPED: {reader.name}: {missing}", file=sys.stderr)
                continue
            tally, faults = judge(reader, copies, sources, known, used)
            table.append((reader, tally))
            left += faults
            print(f"{reader.name}: {dict(tally)}", file=sys.stderr)
    report(table, refused, left, known, used, args)
    sys.exit(1 if left else 0)


def report(table, refused, left, known, used, args):
    if args.markdown:
        print("| reader | files | copies | faults | of the source | explained |\n|---|---|---|---|---|---|")
        for reader, tally in table:
            print(f"| {reader.title()} | {tally['files']} | {tally['copies']} | {tally['left']} | "
                  f"{tally['source']} | {tally['known']} |")
        print()
        for name, why in sorted({(copy.source.name, copy.refusal) for copy in refused}):
            print(f"- `{name}`: {why}")
    for fault in left:
        print(fault)
    if args.only == "*" and not args.readers:
        for row in known:
            if tuple(row) not in used:
                print(f"known.tsv has no need of: {row}", file=sys.stderr)


if __name__ == "__main__":
    main()
