y
"serve*2.21.0f
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx

rReadFilex"Ð