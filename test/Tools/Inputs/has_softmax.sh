#!/bin/sh
# Status 1, "interesting", for modules with a softmax.
! grep -q tapml.softmax "$1"
