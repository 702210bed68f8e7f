"""Pull and push against the published formula, written as loops, and against numbers worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bupose.methods.tags.loss import pull_and_push


def published(tags, cells):
    """Of one picture: Newell et al. 2017, eq. 1, with the norms of HigherHRNet, person by person."""
    people = []
    for person in cells:
        seen = [tags[k].ravel()[cell - 1] for k, cell in enumerate(person) if cell > 0]
        if seen:
            people.append(np.array(seen, np.float64))
    means = [person.mean() for person in people]
    pull = sum(((person - person.mean()) ** 2).mean() for person in people) / max(len(people), 1)
    if len(people) < 2:
        return pull, 0.0
    total = sum(np.exp(-((a - b) ** 2)) for a in means for b in means) - len(people)
    return pull, 0.5 * total / (len(people) * (len(people) - 1))


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 5), st.integers(1, 6))
def test_pull_and_push_are_the_published(seed, batch, people, joints):
    rng = np.random.default_rng(seed)
    tags = rng.normal(0, 2, (batch, joints, 4, 5)).astype(np.float32)
    cells = rng.integers(1, 21, (batch, people, joints)) * (rng.random((batch, people, joints)) < 0.6)
    expected = np.mean([published(t, c) for t, c in zip(tags, cells, strict=True)], 0)
    got = pull_and_push(torch.from_numpy(tags), torch.from_numpy(cells.astype(np.int32)))
    np.testing.assert_allclose([value.item() for value in got], expected, rtol=1e-5, atol=1e-6)


def test_numbers_by_hand():
    """Tags 0 and 2 of one person, 4 of another: means 1 and 4."""
    tags = torch.zeros(1, 2, 1, 3)
    tags[0, 0], tags[0, 1] = torch.tensor([[0.0, 4.0, 9.0]]), torch.tensor([[2.0, 9.0, 9.0]])
    pull, push = pull_and_push(tags, torch.tensor([[[1, 1], [2, 0], [0, 0]]]))
    assert pull.item() == pytest.approx((1 + 0) / 2)
    assert push.item() == pytest.approx(0.5 * np.exp(-9.0))


def test_learning_parts_people_and_joins_joints():
    """Descent from almost equal tags ends with each person's alike, and people's apart."""
    tags = torch.randn(1, 5, 2, 3, generator=torch.Generator().manual_seed(0)).mul(0.1).requires_grad_()
    cells = torch.tensor([[[p + 1] * 5 for p in range(3)]])
    optimizer = torch.optim.Adam([tags], 0.05)
    for _ in range(300):
        optimizer.zero_grad()
        sum(pull_and_push(tags, cells)).backward()
        optimizer.step()
    found = tags.detach()[0].flatten(1)[:, :3]  # joints, people
    assert found.std(0).max() < 0.1
    assert (found.mean(0)[:, None] - found.mean(0)).abs().add(10 * torch.eye(3)).min() > 1


def test_people_without_joints_and_padding_change_nothing():
    rng = np.random.default_rng(0)
    tags = torch.from_numpy(rng.normal(0, 1, (2, 3, 4, 4)).astype(np.float32)).requires_grad_()
    cells = torch.from_numpy(rng.integers(1, 17, (2, 2, 3)))
    some = pull_and_push(tags, cells)
    padded = pull_and_push(tags, torch.cat([cells, torch.zeros(2, 3, 3, dtype=torch.long)], 1))
    assert [a.item() for a in some] == pytest.approx([a.item() for a in padded])
    none = pull_and_push(tags, cells[:, :0])
    assert [a.item() for a in none] == [0, 0]
    sum(none).backward()
    assert not tags.grad.any()
