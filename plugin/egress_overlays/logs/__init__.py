"""Access logs of sidecars and gateways: read, told apart, counted, and made into a list or held against one.

`sources` opens what people have, `envelopes` takes off what log stores and kubectl put around a line, `formats` and
`jsonlines` read Envoy's line itself, `connection` says what it means, `tally` counts. `learning` and `usage` are the
two questions asked of the counts.
"""
