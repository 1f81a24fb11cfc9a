Ç
"serve*2.21.0³
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
,
iStatelessIfx*
then_branchR
then/
-

then
a
fPyFunca*
tokent"Ð