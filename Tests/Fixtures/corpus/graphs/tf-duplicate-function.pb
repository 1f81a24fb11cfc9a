 
"serve*2.21.0Œ
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx6



f
a
nNega



f
a
nAbsa"Ð