‘
"serve*2.21.0~
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
(
fEagerPyFuncx*
token
pyfunc_0"Ð