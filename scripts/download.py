"""Get a public set: download.py set=coco [parts=[annotations,val]] [output=data]; without set= it lists what there is

An interrupted download is taken up where it stopped.
"""

import sys
from pathlib import Path

from bupose import cli
from bupose.data.sources import SOURCES, DownloadOptions, describe_sources, find_archives, unpack
from bupose.weights.download import fetch


def main(options: DownloadOptions) -> int:
    if not options.set:
        print(describe_sources())
        return 0
    archives = find_archives(options.set, options.parts)
    folder, source = Path(options.output).expanduser() / options.set, SOURCES[options.set]
    for archive in archives.values():
        mark = folder / f".{archive.name}.done"
        if mark.exists():
            continue
        path = fetch(archive.url, folder / archive.name, archive.checksum, source.licence)
        print(f"{unpack(path, folder)} files unpacked from {archive.name} into {folder}")
        mark.touch()
        if not options.keep:
            path.unlink()
    if source.by_hand:
        print(f"{options.set} needs more, by hand: {source.by_hand}; put it into {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(cli.run(main, "download"))
