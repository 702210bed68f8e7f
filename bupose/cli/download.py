"""Download a public data set: bupose download set=coco [parts=[annotations,val]] [output=data]

Without set= it lists the data sets. Interrupted downloads are resumed.
"""

from __future__ import annotations

from bupose.cli import hydra_app
from bupose.data.downloads import SOURCES, DownloadOptions, describe_sources, find_archives, unpack
from bupose.folder import OutputFolder
from bupose.paths import expand
from bupose.weights.download import fetch
from bupose.wording import counted


def main(options: DownloadOptions) -> int:
    if not options.set:
        print(describe_sources())
        return 0
    archives = find_archives(options.set, options.parts)
    folder, source = expand(options.output) / options.set, SOURCES[options.set]
    with OutputFolder(folder):
        for archive in archives.values():
            mark = folder / f".{archive.name}.done"
            if mark.exists():
                continue
            path = fetch(archive.url, folder / archive.name, archive.checksum, source.licence, archive.most)
            print(f"{counted(unpack(path, folder), 'file')} unpacked from {archive.name} into {folder}")
            mark.touch()
            if not options.keep:
                path.unlink()
    if source.by_hand:
        print(f"{options.set} needs more, by hand: {source.by_hand}; put it into {folder}")
    return 0


def run(arguments: list[str]) -> int:
    return hydra_app.run(main, "download", arguments)
