|
"serve*2.21.0i
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx

bAddons>Blurx"Ð