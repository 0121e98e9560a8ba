from django.forms.renderers import TemplatesSetting


class PageRenderer(TemplatesSetting):
    """Every form looks the same: error summary on top, errors beside their field."""

    form_template_name = "form.html"
    field_template_name = "field.html"
