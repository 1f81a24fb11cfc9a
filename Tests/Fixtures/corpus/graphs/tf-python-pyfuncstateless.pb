–
"serve*2.21.0‚
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx
,
fPyFuncStatelessx*
token
pyfunc_0"Ð