"""The renderer: what a fault in a template says."""

import pytest

from portal_core.rendering import TemplateRenderer


def test_a_fault_names_the_place_but_no_values(tmp_path):
    (tmp_path / "x.pt").write_text("<p>${missing.name}</p>")
    template = TemplateRenderer(tmp_path / "x.pt", "portal_core", False).implementation()
    with pytest.raises(NameError) as error:
        template.render(csrf_token="a-secret-token")
    assert "missing.name" in str(error.value)
    assert "a-secret-token" not in str(error.value)
