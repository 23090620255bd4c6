"""The product: resources and their lists in, the edits that put every list in its places out.

Pure: values in, values out. It reads no stream, file, environment or clock, and knows no text of YAML.
Imports `names`, `manifest`, `lists` and `sites`; never `yamltext`, so that the injection is not tied to an editor.
"""
