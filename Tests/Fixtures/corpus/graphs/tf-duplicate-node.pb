t
"serve*2.21.0a
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx

yNegx"Ð