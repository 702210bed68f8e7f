"""Draw a crowd, paint its fields, add noise, group it, and say what was found: `make demo`."""

import sys
from pathlib import Path

import numpy as np

from bupose import FieldCodec, Fields, data, viz
from bupose.fields_file import write_fields
from bupose.infer.output import write_coco, write_image
from bupose.skeletons import COCO18


def main(output: str = "out/demo", people: int = 12, noise: float = 0.05, seed: int = 7) -> None:
    scene = data.draw_scene(seed, (960, 544), people, COCO18, data.SceneOptions(spread=2, height=(0.4, 0.75)))
    truth = scene.labels
    # As strong a noise as this calls for thresholds above it; real networks are quieter and need none.
    codec = FieldCodec(COCO18).with_decoder(
        peak_threshold=3 * noise, paf_threshold=3 * noise, limb_threshold=4 * noise, min_person_score=0.3
    )
    drawn = codec.encode(truth, scene.image.shape[1::-1])
    rng = np.random.default_rng(seed)
    heat = np.clip(drawn.heat + noise * rng.standard_normal(drawn.heat.shape), 0, 1)
    fields = Fields(heat, drawn.paf + noise * rng.standard_normal(drawn.paf.shape), drawn.grid, COCO18)
    found = codec.decode(fields)

    out = Path(output)
    out.mkdir(parents=True, exist_ok=True)
    write_image(out / "people.png", viz.draw_people(scene.image, found))
    write_image(out / "fields.png", viz.fields_picture(fields, scene.image))
    write_fields(out / "fields.npz", {"crowd": fields})
    write_coco(out / "coco_results.json", found.to_coco(1))
    error = np.linalg.norm(found.xy[:, None] - truth.xy, axis=-1)  # found person, true person, joint
    near = (np.fmin.reduce(error, 0, initial=np.inf) < 4) & (truth.visibility > 0)
    joints = int((truth.visibility > 0).sum())
    print(f"drawn: {len(truth)} people, {joints} joints; found: {len(found)} people, {near.sum()} joints within 4 px")
    for name in ("people.png", "fields.png", "fields.npz", "coco_results.json"):
        print(f"wrote {out / name}")


if __name__ == "__main__":
    main(**dict(argument.split("=", 1) for argument in sys.argv[1:]))
