ƒ
"serve*2.21.0p
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx

zIdentityxReadFile"Ð