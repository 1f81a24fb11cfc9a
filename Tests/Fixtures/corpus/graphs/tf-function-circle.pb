„
"serve*2.21.0ð
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
(
cStatefulPartitionedCall*

fR
fp
6


f
a(
cStatefulPartitionedCall*

fR
g
6


g
a(
cStatefulPartitionedCall*

fR
f"Ð