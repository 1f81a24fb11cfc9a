Œ
"serve*2.21.0y
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
#
fPyFuncx*
token
pyfunc_0"Ð