~
"serve*2.21.0k
;
xPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ

yIdentityx"ÐK
xL

rReadFilex