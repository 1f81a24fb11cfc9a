z
"serve*2.21.0g
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx

d	RpcClientx"Ð