"""The results of a run, written from its list: people of all pictures in one go, and videos once more, to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from tqdm import tqdm

from bupose import viz
from bupose.annotations.categories import CategoryOptions
from bupose.errors import DiskError, InputError
from bupose.images import Video
from bupose.images.files import name_once
from bupose.media.prefetch import read_ahead
from bupose.media.sources import Frame
from bupose.people import People
from bupose.predict import output
from bupose.predict.following import follow
from bupose.predict.further import Further
from bupose.predict.options import InferOptions
from bupose.predict.records import Group, Records
from bupose.predict.tables import writing_table
from bupose.predict.video_output import VideoOutput

DRAWN_AHEAD = 8  # frames
WRITERS = 2  # threads that draw and write


@dataclass
class Results:
    """Writes the results of a run.

    Parameters
    ----------
    records : Records
    options : InferOptions
    category : CategoryOptions
        For the COCO results.
    tell : callable
        Called with a message about a file that cannot be written.
    threads : int
        For encoding videos.
    films : dict of name to Video
        Video files, by the names of their results.
    """

    records: Records
    options: InferOptions
    category: CategoryOptions
    tell: Callable[[str], None]
    threads: int
    films: dict[str, Video] = field(default_factory=dict)

    def write(self) -> tuple[int, int, list[str]]:
        """Write coco_results.json, images.json, people.csv and further formats, in input order; of videos also overlays
        and tables.

        Returns
        -------
        people : int
            Of all frames of video files: their number is known only now.
        ids : int
            Of all videos.
        problems : list of str
            Of further formats that were not written.

        Raises
        ------
        InputError
            A file cannot be written; the list stays.
        """
        options, folder, skeleton = self.options, self.records.folder, self.records.skeleton
        groups = self.records.groups()
        frames = sum(len(group.places) for group in groups if group.video)
        with (
            ExitStack() as files,
            VideoOutput(folder, self.tell, self.threads) as films,
            tqdm(
                total=frames, unit=" frames", desc="videos", disable=None if frames else True, dynamic_ncols=True
            ) as bar,
        ):
            images = files.enter_context(output.writing_array(folder / "images.json"))
            coco = files.enter_context(output.writing_array(folder / "coco_results.json")) if options.json else None
            table = files.enter_context(output.writing_csv(folder / "people.csv", skeleton)) if options.csv else None
            further = Further(options.also, options.write, skeleton)
            count = ids = 0
            for group in groups:
                most = -1
                for entry, people in self._read(group, films, bar):
                    images({key: value for key, value in entry.items() if key not in _OWN})
                    if coco:
                        for result in output.as_coco(people, entry["id"], self.category):
                            coco(result)
                    if table:
                        table(entry["id"], entry["file_name"], people)
                    further.add(group.video, entry, people)
                    count += len(people) * (group.video in self.films)
                    most = max(most, -1 if people.ids is None else int(people.ids.max(initial=-1)))
                ids += most + 1
        return count, ids, further.write(folder)

    def _read(self, group: Group, films: VideoOutput, bar: tqdm) -> Iterator[tuple[dict, People]]:
        """The entries of a group with their people, in the end; what belongs to a video alone is written on the way."""
        if not group.video:
            yield from self.records.read(group)
            return
        options, folder = self.options, self.records.folder
        film = self.films.get(group.video)
        frames: Iterable[tuple[dict, People]] = self.records.read(group)
        if options.tracking != "off":
            live = options.tracking == "live" or film is None
            frames = follow(lambda: self.records.read(group), options.track, live)
        with ExitStack() as files:
            table = None
            if options.tables:
                table = files.enter_context(writing_table(folder / "tables" / group.video, self.records.skeleton))
            drawn: Iterator[tuple] = ((entry, people, None, None) for entry, people in frames)
            if film is not None and options.overlays:
                drawn = self._draw(film, frames)
            for entry, people, frame, overlay in drawn:
                if table:
                    table(entry, people)
                if film is not None and output.wants_openpose(options.openpose, people.skeleton):
                    self._write_openpose(entry, people)
                if overlay is not None:
                    films.add(frame, overlay)
                bar.update()
                yield entry, people

    def _write_openpose(self, entry: Mapping, people: People) -> None:
        try:
            output.write_openpose(self.records.folder / "openpose" / f"{entry['name']}_keypoints.json", people)
        except DiskError:
            raise
        except InputError as problem:  # of one frame, as a name that is too long
            self.tell(name_once(entry["file_name"], problem))

    def _draw(self, film: Video, frames: Iterable[tuple[dict, People]]) -> Iterator[tuple]:
        """Entry, people, frame and overlay; the last two are None where the video can no longer be read."""
        trails = viz.Trails(self.options.overlay.trail)
        pictures = film.frames(self.options.max_pixels)

        def seen() -> Iterator[tuple]:
            picture = None
            for entry, people in frames:
                with suppress(InputError):  # at the end, of what was told before
                    while picture is None or picture.number < entry["frame"]:
                        picture = next(pictures, None)
                        if picture is None:
                            break
                here = picture is not None and picture.number == entry["frame"]
                trail = trails.update(people, entry.get("time", 0.0))
                yield entry, people, picture if here else None, trail

        def draw(item: tuple) -> tuple:
            entry, people, picture, trail = item
            if picture is None:
                return entry, people, None, None
            overlay = viz.draw_overlay(picture.image, people, self.options.overlay, trails=trail)
            frame = Frame(entry["name"], entry["file_name"], entry["id"], video=film, index=picture.number,
                          time=picture.time, rate=picture.rate)  # fmt: skip
            return entry, people, frame, overlay

        yield from read_ahead(draw, seen(), DRAWN_AHEAD, WRITERS)


_OWN = ("people", "source", "video", "frame", "carried")  # what only the list needs
