ñ4
"serve*2.21.0Ý4
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
)
cStatefulPartitionedCall*
fR
f0Û3
Ÿ

f0
a*
c0StatefulPartitionedCall*
fR
f1*
c1StatefulPartitionedCall*
fR
f1*
c2StatefulPartitionedCall*
fR
f1*
c3StatefulPartitionedCall*
fR
f1*
c4StatefulPartitionedCall*
fR
f1*
c5StatefulPartitionedCall*
fR
f1*
c6StatefulPartitionedCall*
fR
f1*
c7StatefulPartitionedCall*
fR
f1*
c8StatefulPartitionedCall*
fR
f1*
c9StatefulPartitionedCall*
fR
f1+
c10StatefulPartitionedCall*
fR
f1+
c11StatefulPartitionedCall*
fR
f1
Ÿ

f1
a*
c0StatefulPartitionedCall*
fR
f2*
c1StatefulPartitionedCall*
fR
f2*
c2StatefulPartitionedCall*
fR
f2*
c3StatefulPartitionedCall*
fR
f2*
c4StatefulPartitionedCall*
fR
f2*
c5StatefulPartitionedCall*
fR
f2*
c6StatefulPartitionedCall*
fR
f2*
c7StatefulPartitionedCall*
fR
f2*
c8StatefulPartitionedCall*
fR
f2*
c9StatefulPartitionedCall*
fR
f2+
c10StatefulPartitionedCall*
fR
f2+
c11StatefulPartitionedCall*
fR
f2
Ÿ

f2
a*
c0StatefulPartitionedCall*
fR
f3*
c1StatefulPartitionedCall*
fR
f3*
c2StatefulPartitionedCall*
fR
f3*
c3StatefulPartitionedCall*
fR
f3*
c4StatefulPartitionedCall*
fR
f3*
c5StatefulPartitionedCall*
fR
f3*
c6StatefulPartitionedCall*
fR
f3*
c7StatefulPartitionedCall*
fR
f3*
c8StatefulPartitionedCall*
fR
f3*
c9StatefulPartitionedCall*
fR
f3+
c10StatefulPartitionedCall*
fR
f3+
c11StatefulPartitionedCall*
fR
f3
Ÿ

f3
a*
c0StatefulPartitionedCall*
fR
f4*
c1StatefulPartitionedCall*
fR
f4*
c2StatefulPartitionedCall*
fR
f4*
c3StatefulPartitionedCall*
fR
f4*
c4StatefulPartitionedCall*
fR
f4*
c5StatefulPartitionedCall*
fR
f4*
c6StatefulPartitionedCall*
fR
f4*
c7StatefulPartitionedCall*
fR
f4*
c8StatefulPartitionedCall*
fR
f4*
c9StatefulPartitionedCall*
fR
f4+
c10StatefulPartitionedCall*
fR
f4+
c11StatefulPartitionedCall*
fR
f4
Ÿ

f4
a*
c0StatefulPartitionedCall*
fR
f5*
c1StatefulPartitionedCall*
fR
f5*
c2StatefulPartitionedCall*
fR
f5*
c3StatefulPartitionedCall*
fR
f5*
c4StatefulPartitionedCall*
fR
f5*
c5StatefulPartitionedCall*
fR
f5*
c6StatefulPartitionedCall*
fR
f5*
c7StatefulPartitionedCall*
fR
f5*
c8StatefulPartitionedCall*
fR
f5*
c9StatefulPartitionedCall*
fR
f5+
c10StatefulPartitionedCall*
fR
f5+
c11StatefulPartitionedCall*
fR
f5
Ÿ

f5
a*
c0StatefulPartitionedCall*
fR
f6*
c1StatefulPartitionedCall*
fR
f6*
c2StatefulPartitionedCall*
fR
f6*
c3StatefulPartitionedCall*
fR
f6*
c4StatefulPartitionedCall*
fR
f6*
c5StatefulPartitionedCall*
fR
f6*
c6StatefulPartitionedCall*
fR
f6*
c7StatefulPartitionedCall*
fR
f6*
c8StatefulPartitionedCall*
fR
f6*
c9StatefulPartitionedCall*
fR
f6+
c10StatefulPartitionedCall*
fR
f6+
c11StatefulPartitionedCall*
fR
f6
Ÿ

f6
a*
c0StatefulPartitionedCall*
fR
f7*
c1StatefulPartitionedCall*
fR
f7*
c2StatefulPartitionedCall*
fR
f7*
c3StatefulPartitionedCall*
fR
f7*
c4StatefulPartitionedCall*
fR
f7*
c5StatefulPartitionedCall*
fR
f7*
c6StatefulPartitionedCall*
fR
f7*
c7StatefulPartitionedCall*
fR
f7*
c8StatefulPartitionedCall*
fR
f7*
c9StatefulPartitionedCall*
fR
f7+
c10StatefulPartitionedCall*
fR
f7+
c11StatefulPartitionedCall*
fR
f7
Ÿ

f7
a*
c0StatefulPartitionedCall*
fR
f8*
c1StatefulPartitionedCall*
fR
f8*
c2StatefulPartitionedCall*
fR
f8*
c3StatefulPartitionedCall*
fR
f8*
c4StatefulPartitionedCall*
fR
f8*
c5StatefulPartitionedCall*
fR
f8*
c6StatefulPartitionedCall*
fR
f8*
c7StatefulPartitionedCall*
fR
f8*
c8StatefulPartitionedCall*
fR
f8*
c9StatefulPartitionedCall*
fR
f8+
c10StatefulPartitionedCall*
fR
f8+
c11StatefulPartitionedCall*
fR
f8
Ÿ

f8
a*
c0StatefulPartitionedCall*
fR
f9*
c1StatefulPartitionedCall*
fR
f9*
c2StatefulPartitionedCall*
fR
f9*
c3StatefulPartitionedCall*
fR
f9*
c4StatefulPartitionedCall*
fR
f9*
c5StatefulPartitionedCall*
fR
f9*
c6StatefulPartitionedCall*
fR
f9*
c7StatefulPartitionedCall*
fR
f9*
c8StatefulPartitionedCall*
fR
f9*
c9StatefulPartitionedCall*
fR
f9+
c10StatefulPartitionedCall*
fR
f9+
c11StatefulPartitionedCall*
fR
f9
«

f9
a+
c0StatefulPartitionedCall*
fR
f10+
c1StatefulPartitionedCall*
fR
f10+
c2StatefulPartitionedCall*
fR
f10+
c3StatefulPartitionedCall*
fR
f10+
c4StatefulPartitionedCall*
fR
f10+
c5StatefulPartitionedCall*
fR
f10+
c6StatefulPartitionedCall*
fR
f10+
c7StatefulPartitionedCall*
fR
f10+
c8StatefulPartitionedCall*
fR
f10+
c9StatefulPartitionedCall*
fR
f10,
c10StatefulPartitionedCall*
fR
f10,
c11StatefulPartitionedCall*
fR
f10
¬

f10
a+
c0StatefulPartitionedCall*
fR
f11+
c1StatefulPartitionedCall*
fR
f11+
c2StatefulPartitionedCall*
fR
f11+
c3StatefulPartitionedCall*
fR
f11+
c4StatefulPartitionedCall*
fR
f11+
c5StatefulPartitionedCall*
fR
f11+
c6StatefulPartitionedCall*
fR
f11+
c7StatefulPartitionedCall*
fR
f11+
c8StatefulPartitionedCall*
fR
f11+
c9StatefulPartitionedCall*
fR
f11,
c10StatefulPartitionedCall*
fR
f11,
c11StatefulPartitionedCall*
fR
f11
¬

f11
a+
c0StatefulPartitionedCall*
fR
f12+
c1StatefulPartitionedCall*
fR
f12+
c2StatefulPartitionedCall*
fR
f12+
c3StatefulPartitionedCall*
fR
f12+
c4StatefulPartitionedCall*
fR
f12+
c5StatefulPartitionedCall*
fR
f12+
c6StatefulPartitionedCall*
fR
f12+
c7StatefulPartitionedCall*
fR
f12+
c8StatefulPartitionedCall*
fR
f12+
c9StatefulPartitionedCall*
fR
f12,
c10StatefulPartitionedCall*
fR
f12,
c11StatefulPartitionedCall*
fR
f12


f12
a
nNega"Ð