import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from bupose import geometry
from bupose.errors import FieldsError, InputError
from bupose.methods.paf.fields import Fields
from bupose.viz import color_wheel, fields_picture, heatmap, paf_hue, paf_quiver, warp_photo


@pytest.mark.parametrize("stride", [4, 8, 16])
@pytest.mark.parametrize("joint", ["left_wrist", None])
def test_a_lit_cell_shows_at_its_pixel(empty_fields, stride, joint):
    fields = empty_fields(stride=stride)
    fields.heat[fields.skeleton.index["left_wrist"], 5, 9] = 1
    picture = heatmap(fields, joint).astype(float).sum(-1)
    if joint is None:
        picture[picture < 60] = 0
    assert picture.shape == fields.size[::-1]
    center = [(picture.sum(axis) * np.arange(picture.shape[1 - axis])).sum() / picture.sum() for axis in (0, 1)]
    np.testing.assert_allclose(center, fields.grid.to_pixels(np.array([9, 5])), atol=0.02)
    brightest = np.argwhere(picture == picture.max()).mean(0)[::-1]
    np.testing.assert_allclose(brightest, fields.grid.to_pixels(np.array([9, 5])), atol=0.01)


def test_the_strongest_joint_gives_the_colour(empty_fields):
    fields = empty_fields()
    joints = {"nose": (3, 3), "left_knee": (3, 12), "right_knee": (9, 7)}
    for name, (v, u) in joints.items():
        fields.heat[fields.skeleton.index[name], v, u] = 1
        fields.heat[fields.skeleton.index["left_hip"], v, u] = 0.3
    picture = heatmap(fields)
    for name, (v, u) in joints.items():
        color = picture[v * 8 + 3, u * 8 + 3].astype(int)
        assert np.abs(color - fields.skeleton.joint_colors[fields.skeleton.index[name]]).max() < 25


def test_every_direction_has_the_wheels_colour(empty_fields):
    """The legend tells the truth: the place of a colour on the wheel is the direction of the field."""
    size = 201
    wheel = color_wheel(size)
    assert wheel.shape == (size, size, 4)
    assert wheel[0, 0, 3] == 0
    assert wheel[100, 100, 3] == 255
    for degrees in range(0, 360, 15):
        fields = empty_fields()
        direction = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
        fields.paf[4] = 0.85 * direction[:, None, None]
        for limb in (4, None):
            color = paf_hue(fields, limb, wheel=False)[40, 60].astype(int)
            inside = wheel[..., 3] == 255
            away = np.where(inside, np.abs(wheel[..., :3].astype(int) - color).sum(-1), 9999)
            v, u = np.argwhere(away <= away.min() + 2).mean(0) - (size - 1) / 2
            assert np.dot([u, v], direction) / np.hypot(u, v) > 0.999
            assert abs(np.hypot(u, v) / (size / 2) - 0.85) < 0.03


def test_opposite_directions_have_opposite_hues(empty_fields):
    right, left = empty_fields(), empty_fields()
    right.paf[0, 0] = 1
    left.paf[0, 0] = -1
    colors = np.stack([paf_hue(f, 0, wheel=False)[40, 60] for f in (right, left)])
    lab = cv2.cvtColor(colors[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0].astype(float)
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    assert abs(abs(hue[0] - hue[1]) - 180) < 15  # some colours lie outside what screens show
    assert colors[0].argmax() == 0  # right is rose, as documented
    assert abs(lab[0, 0] - lab[1, 0]) < 8  # equally light: brightness is left to the strength


def test_brightness_is_strength_at_every_pixel(empty_fields):
    fields, full = empty_fields(), empty_fields()
    fields.paf[3, 1] = np.linspace(0, 1, 16)
    full.paf[3, 1] = 1
    bright = paf_hue(full, 3, wheel=False)[40, 40].astype(float)
    x = np.arange(12, 116)  # away from the border, where there is nothing to interpolate
    wanted = fields.grid.to_cells(x)[:, None] / 15 * bright
    np.testing.assert_allclose(paf_hue(fields, 3, wheel=False)[40, x], wanted, atol=1.5)
    assert bright[2] < 0.4 * bright[:2].min()  # down is amber, as documented


def test_a_strong_limb_hides_weak_ones(empty_fields):
    fields = empty_fields()
    fields.paf[2, 0] = 1
    fields.paf[6, 0] = -0.2
    alone = empty_fields()
    alone.paf[2, 0] = 1
    assert np.abs(paf_hue(fields).astype(int) - paf_hue(alone)).max() < 8


def test_flipped_fields_give_the_flipped_picture(empty_fields):
    rng = np.random.default_rng(0)
    fields = empty_fields()
    fields.heat[:] = rng.random(fields.heat.shape) * 0.8
    joint = "left_elbow"
    difference = heatmap(fields, joint)[:, ::-1].astype(int) - heatmap(fields.flip(), "right_elbow")
    assert np.abs(difference).max() <= 2


def test_no_evidence_is_black(empty_fields):
    fields = empty_fields()
    fields.heat[:, 2] = np.nan
    fields.paf[:, 0, 4] = np.inf
    assert heatmap(fields).max() == 0
    assert paf_hue(fields, wheel=False).max() == 0


def test_photo_lies_beneath_in_grey(empty_fields):
    fields = empty_fields()
    photo = np.random.default_rng(0).integers(0, 256, (*fields.size[::-1], 3), np.uint8)
    before = photo.copy()
    for picture in (heatmap(fields, None, photo), paf_hue(fields, 1, photo, wheel=False)):
        assert (picture == picture[..., :1]).all()
        assert np.corrcoef(picture[..., 0].ravel(), cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).ravel())[0, 1] > 0.999
    np.testing.assert_array_equal(photo, before)


def test_matrix_carries_the_photo_over(empty_fields):
    """A bright dot in a large photo lands where the matrix says, with all its light."""
    size = empty_fields().size
    photo = np.zeros((960, 1280, 3), np.uint8)
    photo[395:405, 795:805] = 255
    matrix = geometry.compose(geometry.scale(0.1), geometry.translate(-3, 2.5))
    warped = warp_photo(photo, size, matrix).astype(float).sum(-1)
    center = [(warped.sum(axis) * np.arange(warped.shape[1 - axis])).sum() / warped.sum() for axis in (0, 1)]
    np.testing.assert_allclose(center, geometry.apply(matrix, np.array([799.5, 399.5])), atol=0.05)
    assert warped.sum() == pytest.approx(photo.astype(float).sum() * 0.01, rel=0.1)


def test_a_large_photo_is_averaged(empty_fields):
    noise = np.random.default_rng(0).integers(0, 2, (960, 1280)).astype(bool)
    warped = warp_photo(noise, empty_fields().size, geometry.scale(0.1))
    assert warped[..., 0].std() < 20  # 100 pixels a pixel: 13; looking at four of them: 64
    assert warped.mean() == pytest.approx(127, abs=3)


def test_padding_is_black_and_a_foreign_photo_refused():
    photo = np.full((90, 120, 3), 200, np.uint8)
    warped = warp_photo(photo, (128, 96))
    assert (warped[:90, :120] == 200).all()
    assert warped[90:].max() == warped[:, 120:].max() == 0
    for shape in ((480, 640), (20, 30)):
        with pytest.raises(InputError, match="give matrix="):
            warp_photo(np.zeros(shape, np.uint8), (128, 96))


def test_unknown_joint_or_limb(empty_fields):
    with pytest.raises(FieldsError, match="no joint 'tail'; choose one of nose"):
        heatmap(empty_fields(), "tail")
    with pytest.raises(FieldsError, match="no limb 99; there are"):
        paf_hue(empty_fields(), 99)
    with pytest.raises(FieldsError, match="no joint -1"):
        heatmap(empty_fields(), -1)


def test_quiver_has_an_arrow_for_each_strong_cell(empty_fields):
    fields = empty_fields()
    fields.paf[5, 0, 3, 4] = 0.9
    fields.paf[5, 1, 7, 2] = -0.5
    fields.paf[5, 1, 8, 8] = 0.01
    figure = paf_quiver(fields, fields.skeleton.limb_names[5])
    assert isinstance(figure, Figure)
    (arrows,) = [c for c in figure.axes[0].collections if hasattr(c, "U")]
    np.testing.assert_allclose(arrows.XY, fields.grid.to_pixels(np.array([[4, 3], [2, 7]])))
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V], 1), [[0.9, 0], [0, -0.5]], atol=1e-6)
    assert 1 <= arrows.scale * fields.grid.stride < 1.2  # a full-strength arrow is about a cell long
    assert figure._repr_png_().startswith(b"\x89PNG")  # what a notebook asks for


def test_quiver_of_nothing(empty_fields):
    assert paf_quiver(empty_fields(), 0)._repr_png_()


def test_fields_picture_is_both(empty_fields):
    fields = empty_fields(h=20, w=24)
    fields.heat[0, 5, 5] = fields.paf[0, 0, 5, 5] = 1
    width, _ = fields.size
    picture = fields_picture(fields)
    np.testing.assert_array_equal(picture[:, :width], heatmap(fields))
    np.testing.assert_array_equal(picture[:, -width:], paf_hue(fields))
    assert (picture[:, width : picture.shape[1] - width] == 255).all()
    assert picture[-30:, -30:].std() > 20  # the wheel


def test_a_single_cell(empty_fields):
    tiny = empty_fields(h=1, w=1)
    assert fields_picture(tiny).shape[0] == 8


def test_real_fields(shared):
    with np.load(shared / "data/coco/fields_val.npz") as saved:
        fields = Fields.from_openpose(saved["785/heat"] / 255, saved["785/paf"] / 100)
    picture = heatmap(fields, "nose").astype(int).sum(-1)
    v, u = np.unravel_index(fields.heat[0].argmax(), fields.heat[0].shape)
    y, x = np.unravel_index(picture.argmax(), picture.shape)
    assert abs(x - fields.grid.to_pixels(u)) <= 8
    assert abs(y - fields.grid.to_pixels(v)) <= 8


def test_a_window_looks_closely(empty_fields):
    figure = paf_quiver(empty_fields(), 0, window=(10, 20, 50, 40))
    assert figure.axes[0].get_xlim() == (10, 50)
    assert figure.axes[0].get_ylim() == (40, 20)
    width, height = figure.get_size_inches()
    assert height == pytest.approx(width / 2 + 0.4)
