"""The community that imports go to."""

from __future__ import annotations

import pytest

from communities.actions.imports import get_or_create_import_community
from communities.constants import JoinPolicy
from communities.models import Community
from kernel.actor import ANONYMOUS, SYSTEM
from kernel.errors import Forbidden
from tests.factories.accounts import actor_for, make_user

pytestmark = pytest.mark.django_db


def test_it_is_made_once_open_to_all_and_without_members():
    made = get_or_create_import_community(SYSTEM)
    assert (made.slug, made.join_policy, made.visibility) == ("imported", JoinPolicy.OPEN, "listed")
    assert not made.memberships.exists()
    assert get_or_create_import_community(SYSTEM) == made


def test_it_is_for_the_system_alone():
    for actor in (ANONYMOUS, actor_for(make_user(is_superuser=True))):
        with pytest.raises(Forbidden):
            get_or_create_import_community(actor)
    assert not Community.objects.exists()
