# Part of TapML, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records every visit of every operator while the source runs. Private; ``Captured.save(record=True)`` is the way in.

``groups``     which values go into an operator of the source and come out of it, as the graph has them
``source``     what is recorded: program, graph and inputs
``execution``  runs the exported program node by node
``oracle``     the same operator in float64
``statistics`` the range of a tensor
``store``      the data files: every distinct tensor once
``carry``      what an interrupted recording has already
``recorder``   puts these together and writes the files; ``tapml.records`` reads them
"""
