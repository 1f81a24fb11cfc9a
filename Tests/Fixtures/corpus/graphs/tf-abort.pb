‡
"serve*2.21.0t
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx

aAbort*
	error_msgbye"Ð