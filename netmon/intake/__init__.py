"""The one door for facts: poll reports in; samples, findings and remembered state out."""
